-- Shop code has no globals; unused arguments are allowed, since a handler is given what it may need.
std = "lua54"
max_line_length = 120
max_string_line_length = false
unused_args = false
exclude_files = { "build/**", "lua/types/**" }
