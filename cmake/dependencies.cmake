# The libraries of docs/architecture.md, as targets. Those that must be new come from build/deps, where script/deps puts
# them when the system's are too old; everything else is the system's.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

pkg_check_modules(brotlienc REQUIRED IMPORTED_TARGET libbrotlienc)
pkg_check_modules(crypto REQUIRED IMPORTED_TARGET libcrypto)
pkg_check_modules(curl REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(md4c_html REQUIRED IMPORTED_TARGET md4c-html)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(uv REQUIRED IMPORTED_TARGET libuv)
pkg_check_modules(xml2 REQUIRED IMPORTED_TARGET libxml-2.0)
pkg_check_modules(zlib REQUIRED IMPORTED_TARGET zlib)

# mx_find_library(NAME HEADER MINIMUM FOLDER LIBRARY...): makes the target dep::NAME from build/deps or the system.
# An empty minimum takes any version.
function(mx_find_library name header minimum folder)
  # Not cached: script/deps may have moved to another since the last time.
  find_path(include_dir ${header} HINTS "${MERX_DEPS_DIR}/include" PATH_SUFFIXES "${folder}" NO_CACHE)
  set(only "")
  if(include_dir STREQUAL "${MERX_DEPS_DIR}/include")
    set(only NO_DEFAULT_PATH) # never our header with the system's library
  endif()
  find_library(library NAMES ${ARGN} HINTS "${MERX_DEPS_DIR}/lib" NO_CACHE ${only})
  if(NOT include_dir OR NOT library)
    message(FATAL_ERROR "${name} is missing: run script/deps first")
  endif()

  if(minimum)
    mx_read_version("${include_dir}/${header}" version)
    if(version VERSION_LESS minimum)
      if(MERX_ALLOW_OLD_DEPS AND NOT name STREQUAL "llhttp")
        message(WARNING "${name} ${version} has known faults; Merx wants ${minimum}. Not for a shop that is open.")
      else()
        message(FATAL_ERROR "${name} ${version} is too old, Merx needs ${minimum}: run script/deps first")
      endif()
    endif()
    message(STATUS "${name} ${version}: ${library}")
  endif()

  add_library(dep_${name} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(dep_${name} PROPERTIES
    IMPORTED_LOCATION "${library}"
    INTERFACE_INCLUDE_DIRECTORIES "${include_dir}")
endfunction()

# mx_read_version(HEADER OUT): puts together what lua.h, llhttp.h and sqlite3.h say about themselves.
function(mx_read_version header out)
  file(STRINGS "${header}" lines REGEX "define[ \t]+[A-Z_]*VERSION[A-Z_]*[ \t]")
  set(parts "")
  foreach(line IN LISTS lines)
    if(line MATCHES "SQLITE_VERSION[ \t]+\"([0-9.]+)\"")
      set(parts ${CMAKE_MATCH_1})
    elseif(line MATCHES "_VERSION_(MAJOR|MINOR|PATCH|RELEASE)(_N)?[ \t]+\"?([0-9]+)\"?[ \t]*$")
      list(APPEND parts ${CMAKE_MATCH_3})
    endif()
  endforeach()
  list(JOIN parts "." version)
  set(${out} "${version}" PARENT_SCOPE)
endfunction()

mx_find_library(llhttp llhttp.h 9.3 "" llhttp)
mx_find_library(lua lua.h 5.4.8 lua5.4 lua lua5.4)
mx_find_library(sqlite sqlite3.h 3.51.3 "" sqlite3)
mx_find_library(stemmer libstemmer.h "" "" stemmer)

target_link_libraries(dep_lua INTERFACE m)
target_link_libraries(dep_sqlite INTERFACE m Threads::Threads)
