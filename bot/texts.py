"""Everything the bot says, in Russian and English.  Plain text; a test holds that both languages are complete."""

from collections.abc import Mapping
from typing import Final

from bot.language import Language

Text = Mapping[Language, str]

ENTER_GAME: Final[Text] = {"ru": "Вход в игру", "en": "Enter the game"}
WELCOME: Final[Text] = {
    "ru": "Добро пожаловать в Chance Tap, {name}!\n\nДесять игроков, одна минута: самый быстрый забирает банк.",
    "en": "Welcome to Chance Tap, {name}!\n\nTen players, one minute: whoever taps fastest takes the pool.",
}
WELCOME_TO_ROOM: Final[Text] = {
    "ru": "Вас пригласили в комнату с ключом {key}. Войдите в игру и откройте «Войти по ключу».",
    "en": "You are invited to the room with the key {key}. Enter the game and open “Enter by key”.",
}
NO_MINI_APP: Final[Text] = {
    "ru": "Игра сейчас недоступна. Попробуйте позже.",
    "en": "The game cannot be opened at the moment. Please try again later.",
}
SORRY: Final[Text] = {
    "ru": "К сожалению, сейчас не получается. Мы уже знаем об этом. Попробуйте, пожалуйста, ещё раз чуть позже.",
    "en": "We are sorry, this does not work at the moment. We know about it. Please try again a little later.",
}
BANNED: Final[Text] = {
    "ru": "Ваш аккаунт заблокирован. Причина: {reason}.\n\nЕсли это ошибка, напишите: /appeal и ваше объяснение.",
    "en": "Your account is blocked. Reason: {reason}.\n\nIf this is a mistake, write: /appeal and your explanation.",
}
NO_REASON: Final[Text] = {"ru": "не указана", "en": "none given"}
NOT_STARTED: Final[Text] = {"ru": "Сначала нажмите /start.", "en": "Please press /start first."}
CHOOSE_LANGUAGE: Final[Text] = {"ru": "Выберите язык.", "en": "Choose your language."}
LANGUAGE_CHOSEN: Final[Text] = {"ru": "Готово: русский.", "en": "Done: English."}
LANGUAGE_NAMES: Final[Text] = {"ru": "Русский", "en": "English"}
BALANCE: Final[Text] = {"ru": "Ваш баланс: {balance} ⭐", "en": "Your balance: {balance} ⭐"}
HELP: Final[Text] = {
    "ru": (
        "Что я умею:\n/start — вход в игру\n/balance — баланс\n/wallet — кошелёк TON\n/language — язык\n"
        "/phone — поделиться номером\n"
        "/appeal — обжаловать блокировку\n/paysupport — помощь с оплатой\n/terms — правила\n"
        "/privacy — конфиденциальность"
    ),
    "en": (
        "What I can do:\n/start — enter the game\n/balance — your balance\n/wallet — TON wallet\n/language — language\n"
        "/phone — share your phone number\n/appeal — appeal against a block\n/paysupport — help with payments\n"
        "/terms — terms\n/privacy — privacy"
    ),
}
TERMS: Final[Text] = {
    "ru": (
        "Правила Chance Tap\n\n1. Ставки и призы — в звёздах Telegram (Stars) на внутреннем балансе.\n"
        "2. В стандартной комнате побеждает тот, кто сделал больше тапов за 60 секунд; "
        "в Hero-комнате — кто первым набрал 200 тапов или набрал больше всех.\n"
        "3. Если игра не состоялась, ставка возвращается полностью.\n"
        "4. Более 50 тапов за 2 секунды считаются нечестной игрой: игрок выбывает из этой игры.\n"
        "5. Вывод средств возможен, только если он включён, с выдержкой и проверкой.\n"
        "6. Вопросы по оплате: /paysupport."
    ),
    "en": (
        "Terms of Chance Tap\n\n1. Stakes and prizes are Telegram Stars on an internal balance.\n"
        "2. In a standard room the most taps in 60 seconds win; in a hero room the first to 200 taps, or the most.\n"
        "3. A game that does not take place gives every stake back.\n"
        "4. More than 50 taps in 2 seconds count as cheating: the player is out of that game.\n"
        "5. Withdrawals are possible only where they are switched on, after a hold and a review.\n"
        "6. Questions about payments: /paysupport."
    ),
}
PRIVACY: Final[Text] = {
    "ru": (
        "Конфиденциальность\n\nМы храним ваш номер и имя в Telegram, имя пользователя, фото профиля, язык, "
        "а номер телефона — только если вы им поделились. Другие игроки видят имя и фото. "
        "Игры и движения звёзд хранятся для учёта и споров. "
        "Данные никому не продаются."
    ),
    "en": (
        "Privacy\n\nWe keep your Telegram id and name, user name, profile photo, language, "
        "and your phone number only if you shared it. Other players see your name and photo. "
        "Games and movements of Stars are kept for the books and for disputes. Nothing is sold to anybody."
    ),
}
PAYSUPPORT: Final[Text] = {
    "ru": (
        "Помощь с оплатой\n\nОплата зачисляется сразу после подтверждения Telegram; если этого не случилось, "
        "она найдётся при сверке. Для возврата или вопроса напишите{contact}, "
        "указав время и сумму{user}. Ответим и вернём то, что положено. Поддержка Telegram не решает вопросы этой игры."
    ),
    "en": (
        "Help with payments\n\nA payment is credited as soon as Telegram confirms it; one that was not is found by the "
        "reconciliation. For a refund or a question write{contact} with the time and the amount{user}. We answer and "
        "return what is due. Telegram's own support cannot help with this game."
    ),
}
PAYSUPPORT_CONTACT: Final[Text] = {"ru": " нам: {contact}", "en": " to {contact}"}
PAYSUPPORT_HERE: Final[Text] = {"ru": " нам", "en": " to us"}
PAYSUPPORT_USER: Final[Text] = {"ru": " и ваш номер игрока {user_id}", "en": " and your player number {user_id}"}
SHARE_PHONE: Final[Text] = {
    "ru": "Номер нужен только для поддержки. Нажмите кнопку, чтобы поделиться своим номером.",
    "en": "The number is only for support. Press the button to share your own number.",
}
SHARE_PHONE_BUTTON: Final[Text] = {"ru": "Поделиться номером", "en": "Share my number"}
PHONE_KEPT: Final[Text] = {"ru": "Спасибо, номер сохранён.", "en": "Thank you, your number is saved."}
PHONE_OF_ANOTHER: Final[Text] = {
    "ru": "Это не ваш номер. Можно поделиться только своим.",
    "en": "This is not your number. Only your own can be shared.",
}
ORDER_PAID: Final[Text] = {"ru": "Этот счёт уже оплачен.", "en": "This order is already paid."}
ORDER_OVER: Final[Text] = {
    "ru": "Этот счёт больше не действует. Создайте новый в игре.",
    "en": "This order is no longer open. Please make a new one in the game.",
}
ORDER_FOREIGN: Final[Text] = {
    "ru": "Этот счёт выставлен другому игроку.",
    "en": "This order belongs to another player.",
}
ORDER_BANNED: Final[Text] = {"ru": "Ваш аккаунт заблокирован.", "en": "Your account is blocked."}
ORDER_LATER: Final[Text] = {
    "ru": "Сейчас оплата невозможна, попробуйте чуть позже.",
    "en": "Payments are not possible right now, please try again a little later.",
}
ORDER_UNFIT: Final[Text] = {
    "ru": "Этот счёт нельзя оплатить. Создайте новый в игре.",
    "en": "This order cannot be paid. Please make a new one in the game.",
}
PAYMENT_CREDITED: Final[Text] = {
    "ru": "Зачислено {stars} ⭐. Баланс: {balance} ⭐",
    "en": "{stars} ⭐ credited. Balance: {balance} ⭐",
}
PAYMENT_REFUNDING: Final[Text] = {
    "ru": "Платёж {stars} ⭐ не понадобился и будет возвращён.",
    "en": "The payment of {stars} ⭐ was not needed and will be returned.",
}
PAYMENT_REVIEW: Final[Text] = {
    "ru": "Платёж {stars} ⭐ получен, мы его проверяем. Вопросы: /paysupport",
    "en": "The payment of {stars} ⭐ has arrived, we are looking into it. Questions: /paysupport",
}
STATS: Final[Text] = {
    "ru": (
        "Игроков: {players} (за сутки: {players_day})\nЗаблокировано: {banned}\nИгр за сутки: {games_day}\n"
        "Ставок за сутки: {staked_day} ⭐, призов: {prizes_day} ⭐\nОткрытых комнат: {open_rooms}\n"
        "На балансах: {balances} ⭐\nОбращений без ответа: {appeals}"
    ),
    "en": (
        "Players: {players} (last day: {players_day})\nBlocked: {banned}\nGames of the last day: {games_day}\n"
        "Entries of the last day: {staked_day} ⭐, prizes: {prizes_day} ⭐\nOpen rooms: {open_rooms}\n"
        "On balances: {balances} ⭐\nAppeals without an answer: {appeals}"
    ),
}
APPEAL_HOW: Final[Text] = {
    "ru": "Напишите: /appeal и ваше объяснение, до 2000 знаков.",
    "en": "Please write: /appeal and your explanation, up to 2000 characters.",
}
APPEAL_KEPT: Final[Text] = {
    "ru": "Ваше обращение принято. Мы ответим здесь.",
    "en": "Your appeal has arrived. We answer here.",
}
APPEAL_BEFORE: Final[Text] = {
    "ru": "Вы уже обжаловали эту блокировку.",
    "en": "You have already appealed against this block.",
}
APPEAL_NO_BAN: Final[Text] = {
    "ru": "Ваш аккаунт не заблокирован. Блокировку в одной игре можно обжаловать в игре, в уведомлениях.",
    "en": "Your account is not blocked. A block in a single game can be appealed in the game, under notices.",
}
NOTICE_GAME_STARTS: Final[Text] = {
    "ru": "Ваша игра за {amount} ⭐ начинается! Заходите скорее.",
    "en": "Your game for {amount} ⭐ is starting! Come in quickly.",
}
NOTICE_ROOM_EXPIRES: Final[Text] = {
    "ru": "Hero-комната за {amount} ⭐ закроется меньше чем через минуту, если организатор не начнёт игру.",
    "en": "The hero room for {amount} ⭐ closes in less than a minute unless its organizer starts the game.",
}
NOTICE_PRIZE: Final[Text] = {"ru": "Вы победили! Приз: {amount} ⭐", "en": "You won! The prize: {amount} ⭐"}
NOTICE_ORGANIZER_FEE: Final[Text] = {
    "ru": "Игра в вашей комнате сыграна. Ваша доля: {amount} ⭐",
    "en": "The game in your room is over. Your share: {amount} ⭐",
}
NOTICE_REFUND: Final[Text] = {"ru": "Ставка возвращена: {amount} ⭐", "en": "Your stake is back: {amount} ⭐"}
NOTICE_CANCELLED: Final[Text] = {
    "ru": "Игра не состоялась. Возвращено: {amount} ⭐",
    "en": "The game did not take place. Returned: {amount} ⭐",
}
NOTICE_BLOCKED: Final[Text] = {
    "ru": "Вы выбыли из игры: слишком много тапов за 2 секунды. Обжаловать можно в игре, в уведомлениях.",
    "en": "You were taken out of a game: too many taps within 2 seconds. You can appeal in the game, under notices.",
}
NOTICE_BONUS: Final[Text] = {"ru": "Бонус зачислен: {amount} ⭐", "en": "Your bonus is credited: {amount} ⭐"}
NOTICE_PAYMENT_REFUND: Final[Text] = {
    "ru": "Платёж возвращается: {amount} ⭐",
    "en": "A payment is on its way back: {amount} ⭐",
}
NOTICE_PAYMENT_REFUND_REFUSED: Final[Text] = {
    "ru": "Вернуть платёж не удалось, {amount} ⭐ снова на балансе. Вопросы: /paysupport",
    "en": "A payment could not be sent back, {amount} ⭐ are on your balance again. Questions: /paysupport",
}
NOTICE_WITHDRAWAL_RETURN: Final[Text] = {
    "ru": "Вывод не состоялся, {amount} ⭐ снова на балансе.",
    "en": "A withdrawal did not go through, {amount} ⭐ are on your balance again.",
}
NOTICE_WITHDRAWAL_REFUSED: Final[Text] = {
    "ru": "Вывод отклонён, {amount} ⭐ снова на балансе. Вопросы: /paysupport",
    "en": "A withdrawal was declined, {amount} ⭐ are on your balance again. Questions: /paysupport",
}
NOTICE_WITHDRAWAL_TON: Final[Text] = {
    "ru": "Вывод отправлен: {amount} ⭐ в TON на ваш кошелёк.",
    "en": "Your withdrawal is on its way: {amount} ⭐ as TON to your wallet.",
}
NOTICE_WITHDRAWAL_PREMIUM: Final[Text] = {
    "ru": "Вывод исполнен: Telegram Premium за {amount} ⭐ ваш.",
    "en": "Your withdrawal is done: Telegram Premium for {amount} ⭐ is yours.",
}
NOTICE_WITHDRAWAL_WAITS: Final[Text] = {
    "ru": "Вывод {amount} ⭐ ждёт, пока мы проверим ваши игры, обычно до трёх суток. Потом он продолжится сам.",
    "en": "Your withdrawal of {amount} ⭐ waits while we look at your games, as a rule for up to three days. "
    "Then it goes on by itself.",
}
NOTICE_CHARGEBACK: Final[Text] = {
    "ru": "Telegram отозвал платёж на {amount} ⭐. Вопросы: /paysupport",
    "en": "Telegram took a payment of {amount} ⭐ back. Questions: /paysupport",
}
NOTICE_DEBT: Final[Text] = {
    "ru": "{amount} ⭐ пошли в счёт долга: Telegram отозвал платёж, уже потраченный в игре. Вопросы: /paysupport",
    "en": "{amount} ⭐ went towards your debt: Telegram took back a payment that was spent. Questions: /paysupport",
}
NOTICE_EMAIL_LINKED: Final[Text] = {
    "ru": (
        "К вашему аккаунту привязана почта: теперь в него можно войти и без Telegram. Прежние сеансы завершены.\n\n"
        "Если это были не вы, нажмите кнопку в течение трёх дней: почта отвяжется, а все сеансы завершатся."
    ),
    "en": (
        "An e-mail address was linked to your account and can log in to it from now on. Every session of before was "
        "ended.\n\nIf it was not you, press the button within three days: the address is unlinked and every session "
        "ends."
    ),
}
NOTICE_TELEGRAM_UNLINKED: Final[Text] = {
    "ru": (
        "Этот Telegram отвязан от вашего аккаунта Chance Tap. Звёзды и игры остались на нём, войти можно по почте.\n\n"
        "Если это были не вы, нажмите кнопку в течение трёх дней: Telegram привяжется снова, а все сеансы завершатся."
    ),
    "en": (
        "This Telegram account was unlinked from your Chance Tap account. Its Stars and games stay with the e-mail "
        "address.\n\nIf it was not you, press the button within three days: Telegram is linked again and every session "
        "ends."
    ),
}
OBJECT: Final[Text] = {"ru": "Это не я", "en": "It was not me"}
OBJECTED: Final[Text] = {
    "ru": "Отменено, все сеансы завершены. Если у аккаунта есть пароль, смените его: кто-то мог его узнать.",
    "en": "Taken back, and every session was ended. If the account has a password, change it: somebody may know it.",
}
OBJECTED_LATE: Final[Text] = {
    "ru": "Это уже отменено, или прошло больше трёх дней. Вопросы: /paysupport",
    "en": "This was taken back already, or three days are over. Questions: /paysupport",
}
OBJECTED_CONFLICT: Final[Text] = {
    "ru": "Сейчас это отменить нельзя: этим Telegram уже пользуется другой аккаунт. Напишите нам: /paysupport",
    "en": "This cannot be taken back now: another account is used with this Telegram. Please write to us: /paysupport",
}
NOTICE_UNBANNED: Final[Text] = {"ru": "Ваш аккаунт снова открыт.", "en": "Your account is open again."}
NOTICE_APPEAL_ANSWER: Final[Text] = {"ru": "Ответ на ваше обращение:\n{reason}", "en": "To your appeal:\n{reason}"}
USAGE: Final[Text] = {"ru": "Так: {usage}", "en": "Like this: {usage}"}
DONE: Final[Text] = {"ru": "{what}: {status}", "en": "{what}: {status}"}
TOO_MANY_ERRANDS: Final[Text] = {
    "ru": "За последний час с вашего аккаунта пришло слишком много команд. Эта не принята: повторите её позже.",
    "en": "Too many commands came from your account within the last hour. This one was not taken: repeat it later.",
}
NO_SUCH_ROOM: Final[Text] = {"ru": "Такой комнаты нет.", "en": "There is no such room."}
WALLET_CHOOSE: Final[Text] = {"ru": "Каким кошельком вы пользуетесь?", "en": "Which wallet do you use?"}
WALLET_OPEN: Final[Text] = {"ru": "Открыть {app}", "en": "Open {app}"}
WALLET_CONFIRM: Final[Text] = {
    "ru": (
        "Откройте {app} кнопкой или наведите камеру кошелька на код с другого устройства и подтвердите подключение. "
        "Ждём до пяти минут."
    ),
    "en": (
        "Open {app} with the button, or scan the code with the wallet on another device, and confirm the connection. "
        "We wait for up to five minutes."
    ),
}
WALLET_LINKED: Final[Text] = {"ru": "Кошелёк привязан:\n{address}", "en": "Your wallet is linked:\n{address}"}
WALLET_DISCONNECT: Final[Text] = {"ru": "Отвязать", "en": "Disconnect"}
WALLET_UNLINKED: Final[Text] = {"ru": "Кошелёк отвязан.", "en": "Your wallet is disconnected."}
WALLET_REJECTED: Final[Text] = {
    "ru": "Вы отклонили подключение. Ещё раз: /wallet",
    "en": "You declined the connection. Once more: /wallet",
}
WALLET_FAILED: Final[Text] = {
    "ru": "Подключить кошелёк не удалось. Ещё раз: /wallet",
    "en": "The wallet could not be connected. Once more: /wallet",
}
WALLET_OF_ANOTHER: Final[Text] = {
    "ru": "Этот кошелёк привязан к другому аккаунту.",
    "en": "This wallet is linked to another account.",
}
WALLET_SWITCHED_OFF: Final[Text] = {
    "ru": "Кошельки сейчас не подключаются.",
    "en": "Wallets cannot be connected now.",
}
MENU: Final[Mapping[str, Text]] = {
    "start": {"ru": "Вход в игру", "en": "Enter the game"},
    "balance": {"ru": "Баланс", "en": "Your balance"},
    "wallet": {"ru": "Кошелёк TON", "en": "TON wallet"},
    "language": {"ru": "Язык", "en": "Language"},
    "help": {"ru": "Что я умею", "en": "What I can do"},
    "paysupport": {"ru": "Помощь с оплатой", "en": "Help with payments"},
    "terms": {"ru": "Правила", "en": "Terms"},
    "privacy": {"ru": "Конфиденциальность", "en": "Privacy"},
}
TOO_FAST: Final[Text] = {
    "ru": "Слишком быстро. Подождите, пожалуйста, немного, и я снова отвечу.",
    "en": "That is too fast. Please wait a little, then I answer again.",
}
UNKNOWN: Final[Text] = {
    "ru": "Я вас не понял. Список команд: /help",
    "en": "I did not understand. The commands: /help",
}
