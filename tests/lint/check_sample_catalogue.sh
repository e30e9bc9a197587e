# shellcheck shell=bash
# The sample catalogue is whole: its rows agree with each other, its pictures exist.
build/deps/bin/lua tests/lint/sample_catalogue
