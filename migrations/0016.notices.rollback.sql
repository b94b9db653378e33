DROP FUNCTION bot.note_withdrawal, bot.note_transfer, bot.note_decision, bot.note_ban CASCADE;
DROP TABLE bot.pace, bot.appeals, bot.notices CASCADE;
