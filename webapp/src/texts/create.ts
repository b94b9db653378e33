import en from "./create.en.json";
import ru from "./create.ru.json";
import { addTexts } from "./texts";

addTexts(en, ru);
