DROP TABLE bot.chats, bot.updates CASCADE;
