import en from "./money.en.json";
import ru from "./money.ru.json";
import { addTexts } from "./texts";

addTexts(en, ru);
