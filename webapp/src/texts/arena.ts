import en from "./arena.en.json";
import ru from "./arena.ru.json";
import { addTexts } from "./texts";

addTexts(en, ru);
