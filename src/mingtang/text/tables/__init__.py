"""Tables as offices keep them: kinds of tables as data, reading workbooks, checking cells and rows."""
