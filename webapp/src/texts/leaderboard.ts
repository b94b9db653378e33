import en from "./leaderboard.en.json";
import ru from "./leaderboard.ru.json";
import { addTexts } from "./texts";

addTexts(en, ru);
