"""Everything the bot says, in Russian and English.  Plain text; a test holds that both languages are complete."""

from collections.abc import Mapping
from typing import Final

from bot.language import Language

Text = Mapping[Language, str]

ENTER_GAME: Final[Text] = {"ru": "Вход в игру", "en": "Enter the game"}
WELCOME: Final[Text] = {
    "ru": "Добро пожаловать в Chance Tap, {name}!\n\nДесять игроков, одна минута: призовой фонд — самому быстрому.",
    "en": "Welcome to Chance Tap, {name}!\n\nTen players, one minute: whoever taps fastest wins the prize fund.",
}
WELCOME_TO_ROOM: Final[Text] = {
    "ru": "Вас пригласили в комнату с ключом {key}. Войдите в игру и откройте «Войти по ключу».",
    "en": "You are invited to a room. Its key is {key}: enter the game and open “Enter by key”.",
}
NO_MINI_APP: Final[Text] = {
    "ru": "Игра сейчас недоступна. Попробуйте позже.",
    "en": "The game is not available right now. Please try again later.",
}
SORRY: Final[Text] = {
    "ru": "К сожалению, сейчас не получается. Мы уже знаем об этом. Попробуйте, пожалуйста, ещё раз чуть позже.",
    "en": "Sorry, this isn't working right now. We already know about it. Please try again a little later.",
}
BANNED: Final[Text] = {
    "ru": "Ваш аккаунт заблокирован. Причина: {reason}.\n\nЕсли это ошибка, отправьте /appeal и ваше объяснение.",
    "en": "Your account is blocked. Reason: {reason}.\n\nIf this is a mistake, send /appeal and your explanation.",
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
        "в hero-комнате — кто первым набрал 200 тапов или набрал больше всех.\n"
        "3. Если игра не состоялась, ставка возвращается полностью.\n"
        "4. Более 50 тапов за 2 секунды считаются нечестной игрой: игрок выбывает из этой игры.\n"
        "5. Вывод средств возможен, только если он включён, с выдержкой и проверкой.\n"
        "6. Вопросы по оплате: /paysupport."
    ),
    "en": (
        "Terms of Chance Tap\n\n1. Stakes and prizes are Telegram Stars on an internal balance.\n"
        "2. In a standard room the most taps in 60 seconds win; in a hero room the first to 200 taps, or the most.\n"
        "3. If a game does not take place, every stake is returned in full.\n"
        "4. More than 50 taps in 2 seconds count as cheating, and the player is out of that game.\n"
        "5. Withdrawals are possible only when they are switched on, and after a hold and a review.\n"
        "6. Questions about payments: /paysupport."
    ),
}
PRIVACY: Final[Text] = {
    "ru": (
        "Конфиденциальность\n\nМы храним ваш идентификатор и имя в Telegram, имя пользователя, фото профиля, язык, "
        "а номер телефона — только если вы им поделились. Другие игроки видят имя и фото. "
        "Игры и движения звёзд хранятся для учёта и споров. "
        "Мы никому не продаём ваши данные."
    ),
    "en": (
        "Privacy\n\nWe keep your Telegram id and name, user name, profile photo, language, "
        "and your phone number only if you shared it. Other players see your name and photo. "
        "Games and movements of Stars are kept for accounting and disputes. We never sell your data."
    ),
}
PAYSUPPORT: Final[Text] = {
    "ru": (
        "Помощь с оплатой\n\nОплата зачисляется сразу после подтверждения Telegram; если этого не случилось, "
        "она найдётся при сверке. Для возврата или вопроса напишите{contact}, "
        "указав время и сумму{user}. Ответим и вернём то, что положено. Поддержка Telegram не решает вопросы этой игры."
    ),
    "en": (
        "Help with payments\n\nA payment is credited as soon as Telegram confirms it; if that does not happen, we "
        "find it when we compare our books with Telegram's. For a refund or a question, write{contact} with the "
        "time and the amount{user}. We will answer and refund what is due. "
        "Telegram's own support cannot help with this game."
    ),
}
PAYSUPPORT_CONTACT: Final[Text] = {"ru": " нам: {contact}", "en": " to {contact}"}
PAYSUPPORT_HERE: Final[Text] = {"ru": " нам", "en": " to us"}
PAYSUPPORT_USER: Final[Text] = {"ru": " и ваш номер игрока {user_id}", "en": " and your player number {user_id}"}
SHARE_PHONE: Final[Text] = {
    "ru": "Номер нужен только для поддержки. Нажмите кнопку, чтобы поделиться им.",
    "en": "Your number is used for support only. Press the button to share it.",
}
SHARE_PHONE_BUTTON: Final[Text] = {"ru": "Поделиться номером", "en": "Share my number"}
PHONE_KEPT: Final[Text] = {"ru": "Спасибо, номер сохранён.", "en": "Thank you, your number is saved."}
PHONE_OF_ANOTHER: Final[Text] = {
    "ru": "Это не ваш номер. Можно поделиться только своим.",
    "en": "This is not your number. You can share only your own.",
}
ORDER_PAID: Final[Text] = {"ru": "Этот счёт уже оплачен.", "en": "This order has already been paid."}
ORDER_OVER: Final[Text] = {
    "ru": "Этот счёт больше не действует. Создайте новый в игре.",
    "en": "This order is no longer open. Please create a new one in the game.",
}
ORDER_FOREIGN: Final[Text] = {
    "ru": "Этот счёт выставлен другому игроку.",
    "en": "This order belongs to another player.",
}
ORDER_BANNED: Final[Text] = {"ru": "Ваш аккаунт заблокирован.", "en": "Your account is blocked."}
ORDER_LATER: Final[Text] = {
    "ru": "Сейчас оплата невозможна. Попробуйте чуть позже.",
    "en": "Payments are not possible right now. Please try again a little later.",
}
ORDER_UNFIT: Final[Text] = {
    "ru": "Этот счёт нельзя оплатить. Создайте новый в игре.",
    "en": "This order cannot be paid. Please create a new one in the game.",
}
PAYMENT_CREDITED: Final[Text] = {
    "ru": "Зачислено {stars} ⭐. Баланс: {balance} ⭐",
    "en": "{stars} ⭐ credited. Balance: {balance} ⭐",
}
PAYMENT_REFUNDING: Final[Text] = {
    "ru": "Платёж {stars} ⭐ не понадобился и будет возвращён.",
    "en": "The payment of {stars} ⭐ was not needed and will be refunded.",
}
PAYMENT_REVIEW: Final[Text] = {
    "ru": "Платёж {stars} ⭐ получен, мы его проверяем. Вопросы: /paysupport",
    "en": "Your payment of {stars} ⭐ has arrived and is being checked. Questions: /paysupport",
}
STATS: Final[Text] = {
    "ru": (
        "Игроков: {players} (за сутки: {players_day})\nЗаблокировано: {banned}\nИгр за сутки: {games_day}\n"
        "Ставок за сутки: {staked_day} ⭐, призов: {prizes_day} ⭐\nОткрытых комнат: {open_rooms}\n"
        "На балансах: {balances} ⭐\nОбращений без ответа: {appeals}"
    ),
    "en": (
        "Players: {players} (last day: {players_day})\nBlocked: {banned}\nGames of the last day: {games_day}\n"
        "Stakes of the last day: {staked_day} ⭐, prizes: {prizes_day} ⭐\nOpen rooms: {open_rooms}\n"
        "On balances: {balances} ⭐\nAppeals without an answer: {appeals}"
    ),
}
APPEAL_HOW: Final[Text] = {
    "ru": "Отправьте /appeal и ваше объяснение, до 2000 знаков.",
    "en": "Send /appeal and your explanation, up to 2000 characters.",
}
APPEAL_KEPT: Final[Text] = {
    "ru": "Ваше обращение принято. Мы ответим здесь.",
    "en": "We have received your appeal and will answer here.",
}
APPEAL_BEFORE: Final[Text] = {
    "ru": "Вы уже обжаловали эту блокировку.",
    "en": "You have already appealed against this block.",
}
APPEAL_NO_BAN: Final[Text] = {
    "ru": "Ваш аккаунт не заблокирован. Блокировку в одной игре можно обжаловать в игре: «Профиль» → «Уведомления».",
    "en": "Your account is not blocked. A block in a single game can be appealed in the game: Profile → Notices.",
}
NOTICE_GAME_STARTS: Final[Text] = {
    "ru": "Ваша игра за {amount} ⭐ начинается! Заходите скорее.",
    "en": "Your game for {amount} ⭐ is starting! Join quickly!",
}
NOTICE_ROOM_EXPIRES: Final[Text] = {
    "ru": "Hero-комната за {amount} ⭐ закроется меньше чем через минуту, если организатор не начнёт игру.",
    "en": "The hero room for {amount} ⭐ will close in less than a minute unless the organizer starts the game.",
}
NOTICE_PRIZE: Final[Text] = {"ru": "Вы победили! Приз: {amount} ⭐", "en": "You won! Your prize: {amount} ⭐"}
NOTICE_ORGANIZER_FEE: Final[Text] = {
    "ru": "Игра в вашей комнате сыграна. Ваша доля: {amount} ⭐",
    "en": "The game in your room is over. Your share: {amount} ⭐",
}
NOTICE_REFUND: Final[Text] = {"ru": "Ставка возвращена: {amount} ⭐", "en": "Your stake was returned: {amount} ⭐"}
NOTICE_CANCELLED: Final[Text] = {
    "ru": "Игра не состоялась. Возвращено: {amount} ⭐",
    "en": "The game did not take place. Returned: {amount} ⭐",
}
NOTICE_BLOCKED: Final[Text] = {
    "ru": "Вы выбыли из игры: слишком много тапов за 2 секунды. Обжаловать можно в игре: «Профиль» → «Уведомления».",
    "en": "You were removed from a game: too many taps in 2 seconds. You can appeal in the game: Profile → Notices.",
}
NOTICE_BONUS: Final[Text] = {"ru": "Бонус зачислен: {amount} ⭐", "en": "Your bonus has been credited: {amount} ⭐"}
NOTICE_PAYMENT_REFUND: Final[Text] = {
    "ru": "Платёж возвращается: {amount} ⭐",
    "en": "A payment is being refunded: {amount} ⭐",
}
NOTICE_PAYMENT_REFUND_REFUSED: Final[Text] = {
    "ru": "Вернуть платёж не удалось, {amount} ⭐ снова на балансе. Вопросы: /paysupport",
    "en": "A payment could not be refunded; {amount} ⭐ are back on your balance. Questions: /paysupport",
}
NOTICE_WITHDRAWAL_RETURN: Final[Text] = {
    "ru": "Вывод не состоялся, {amount} ⭐ снова на балансе.",
    "en": "A withdrawal did not go through; {amount} ⭐ are back on your balance.",
}
NOTICE_WITHDRAWAL_REFUSED: Final[Text] = {
    "ru": "Вывод отклонён, {amount} ⭐ снова на балансе. Вопросы: /paysupport",
    "en": "A withdrawal was declined; {amount} ⭐ are back on your balance. Questions: /paysupport",
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
    "en": "Your withdrawal of {amount} ⭐ is waiting while we review your games, usually for up to three days. "
    "Then it continues by itself.",
}
NOTICE_CHARGEBACK: Final[Text] = {
    "ru": "Telegram отозвал платёж на {amount} ⭐. Вопросы: /paysupport",
    "en": "Telegram took back a payment of {amount} ⭐. Questions: /paysupport",
}
NOTICE_DEBT: Final[Text] = {
    "ru": "{amount} ⭐ пошли в счёт долга: Telegram отозвал платёж, уже потраченный в игре. Вопросы: /paysupport",
    "en": "{amount} ⭐ went towards your debt: Telegram took back a payment you had spent. Questions: /paysupport",
}
NOTICE_EMAIL_LINKED: Final[Text] = {
    "ru": (
        "К вашему аккаунту привязана почта: теперь в него можно войти и без Telegram. Прежние сеансы завершены.\n\n"
        "Если это были не вы, нажмите кнопку в течение трёх дней: почта отвяжется, а все сеансы завершатся."
    ),
    "en": (
        "An e-mail address was linked to your account: it can now be used to log in. All earlier sessions have "
        "ended.\n\nIf this wasn't you, press the button within three days: the address will be unlinked and every "
        "session will end."
    ),
}
NOTICE_TELEGRAM_UNLINKED: Final[Text] = {
    "ru": (
        "Этот Telegram отвязан от вашего аккаунта Chance Tap. Звёзды и игры остались на нём, войти можно по почте.\n\n"
        "Если это были не вы, нажмите кнопку в течение трёх дней: Telegram привяжется снова, а все сеансы завершатся."
    ),
    "en": (
        "This Telegram account was unlinked from your Chance Tap account. The Stars and games stay there; you can "
        "log in by e-mail.\n\nIf this wasn't you, press the button within three days: Telegram will be linked again "
        "and every session will end."
    ),
}
OBJECT: Final[Text] = {"ru": "Это не я", "en": "It wasn't me"}
OBJECTED: Final[Text] = {
    "ru": "Отменено, все сеансы завершены. Если у аккаунта есть пароль, смените его: кто-то мог его узнать.",
    "en": "Undone, and every session has ended. If the account has a password, change it: someone may know it.",
}
OBJECTED_LATE: Final[Text] = {
    "ru": "Это уже отменено, или прошло больше трёх дней. Вопросы: /paysupport",
    "en": "This has already been undone, or more than three days have passed. Questions: /paysupport",
}
OBJECTED_CONFLICT: Final[Text] = {
    "ru": "Сейчас это отменить нельзя: этим Telegram уже пользуется другой аккаунт. Напишите нам: /paysupport",
    "en": "This can't be undone now: another account already uses this Telegram. Please write to us: /paysupport",
}
NOTICE_UNBANNED: Final[Text] = {"ru": "Ваш аккаунт снова открыт.", "en": "Your account is open again."}
NOTICE_APPEAL_ANSWER: Final[Text] = {
    "ru": "Ответ на ваше обращение:\n{reason}",
    "en": "Answer to your appeal:\n{reason}",
}
USAGE: Final[Text] = {"ru": "Так: {usage}", "en": "Like this: {usage}"}
DONE: Final[Text] = {"ru": "{what}: {status}", "en": "{what}: {status}"}
TOO_MANY_ERRANDS: Final[Text] = {
    "ru": "За последний час с вашего аккаунта пришло слишком много команд. Эта не принята: повторите её позже.",
    "en": "Too many commands came from your account in the last hour. This one was not carried out: repeat it later.",
}
NO_SUCH_ROOM: Final[Text] = {"ru": "Такой комнаты нет.", "en": "There is no such room."}
WALLET_CHOOSE: Final[Text] = {"ru": "Каким кошельком вы пользуетесь?", "en": "Which wallet do you use?"}
WALLET_OPEN: Final[Text] = {"ru": "Открыть {app}", "en": "Open {app}"}
WALLET_CONFIRM: Final[Text] = {
    "ru": (
        "Откройте {app} кнопкой или наведите камеру кошелька на код с другого устройства и подтвердите подключение. "
        "У вас есть пять минут."
    ),
    "en": (
        "Open {app} with the button, or scan the code with the wallet on another device, and confirm the connection. "
        "You have five minutes."
    ),
}
WALLET_LINKED: Final[Text] = {"ru": "Кошелёк привязан:\n{address}", "en": "Your wallet is connected:\n{address}"}
WALLET_DISCONNECT: Final[Text] = {"ru": "Отвязать", "en": "Disconnect"}
WALLET_UNLINKED: Final[Text] = {"ru": "Кошелёк отвязан.", "en": "Your wallet is disconnected."}
WALLET_REJECTED: Final[Text] = {
    "ru": "Вы отклонили подключение. Попробовать ещё раз: /wallet",
    "en": "You declined the connection. To try again: /wallet",
}
WALLET_FAILED: Final[Text] = {
    "ru": "Подключить кошелёк не удалось. Попробовать ещё раз: /wallet",
    "en": "The wallet could not be connected. To try again: /wallet",
}
WALLET_OF_ANOTHER: Final[Text] = {
    "ru": "Этот кошелёк привязан к другому аккаунту.",
    "en": "This wallet is connected to another account.",
}
WALLET_SWITCHED_OFF: Final[Text] = {
    "ru": "Кошельки сейчас не подключаются.",
    "en": "Wallets cannot be connected right now.",
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
    "en": "That's too fast. Please wait a moment, and I'll answer again.",
}
UNKNOWN: Final[Text] = {
    "ru": "Я вас не понял. Список команд: /help",
    "en": "I didn't understand that. For a list of commands: /help",
}
