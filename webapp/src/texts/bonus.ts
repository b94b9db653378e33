import en from "./bonus.en.json";
import ru from "./bonus.ru.json";
import { addTexts } from "./texts";

addTexts(en, ru);
