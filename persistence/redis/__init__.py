"""Redis: key names, script loading, one typed call a command.  Decides nothing that a script decides."""
