-- Shop code has no globals; unused arguments are allowed, since a handler is given what it may need.
std = "lua54"
max_line_length = 160
max_string_line_length = false
unused_args = false
ignore = { "432/self" } -- a method inside a method
exclude_files = { "build/**", "lua/types/**" }
files["tests"] = { max_line_length = false }
