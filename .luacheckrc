-- Shop code has no globals; unused arguments are allowed, since a handler is given what it may need.
std = "lua54"
max_line_length = 160
max_string_line_length = false
unused_args = false
ignore = { "432/self" } -- a method inside a method
exclude_files = { "build/**", "lua/types/**" }
files["tests"] = { max_line_length = false }
-- What plugins find in their own states.
files["plugins/*/src"] = { read_globals = { "money", "shop", "std" } }
files["lua/merx/templates/*/src"] = { read_globals = { "money", "shop", "std" } }
files["tests/bench/tier/src"] = { read_globals = { "money", "shop", "std" } }
