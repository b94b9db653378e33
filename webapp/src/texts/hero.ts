import en from "./hero.en.json";
import ru from "./hero.ru.json";
import { addTexts } from "./texts";

addTexts(en, ru);
