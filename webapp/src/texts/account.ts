import en from "./account.en.json";
import ru from "./account.ru.json";
import { addTexts } from "./texts";

addTexts(en, ru);
