import en from "./profile.en.json";
import ru from "./profile.ru.json";
import { addTexts } from "./texts";

addTexts(en, ru);
