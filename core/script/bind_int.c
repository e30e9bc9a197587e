// Integer arithmetic with 128 bits inside: the module `native.int`. For amounts times rates, which
// pass 64 bits before they are divided.
#include "script/bindings.h"

#include <lauxlib.h>

__extension__ typedef __int128 int128; // gcc and clang on every 64-bit target

// Both round towards minus infinity, as Lua's // and % do.
static int128 divide_floor(int128 wide, int64_t divisor, int128 *rest) {
    int128 quotient = wide / divisor;
    *rest = wide % divisor;
    if (*rest != 0 && (*rest < 0) != (divisor < 0)) {
        quotient--;
        *rest += divisor;
    }
    return quotient;
}

static int128 check_multiplied(lua_State *L, int64_t *divisor) {
    int128 wide = (int128)luaL_checkinteger(L, 1) * luaL_checkinteger(L, 2);
    *divisor = luaL_checkinteger(L, 3);
    luaL_argcheck(L, *divisor != 0, 3, "must not be zero");
    return wide;
}

// mul_div(a, b, c) -> a * b // c; raises when the result passes 64 bits
static int l_mul_div(lua_State *L) {
    int64_t divisor;
    int128 rest;
    int128 wide = check_multiplied(L, &divisor);
    int128 quotient = divide_floor(wide, divisor, &rest);
    if (quotient > INT64_MAX || quotient < INT64_MIN) {
        return luaL_error(L, "the result does not fit 64 bits");
    }
    lua_pushinteger(L, (lua_Integer)quotient);
    return 1;
}

// mul_mod(a, b, c) -> a * b % c
static int l_mul_mod(lua_State *L) {
    int64_t divisor;
    int128 rest;
    int128 wide = check_multiplied(L, &divisor);
    divide_floor(wide, divisor, &rest);
    lua_pushinteger(L, (lua_Integer)rest);
    return 1;
}

// add(a, b) -> a + b; raises instead of wrapping round
static int l_add(lua_State *L) {
    int64_t sum;
    if (__builtin_add_overflow(luaL_checkinteger(L, 1), luaL_checkinteger(L, 2), &sum)) {
        return luaL_error(L, "the result does not fit 64 bits");
    }
    lua_pushinteger(L, sum);
    return 1;
}

// mul(a, b) -> a * b; raises instead of wrapping round
static int l_mul(lua_State *L) {
    int64_t wide;
    if (__builtin_mul_overflow(luaL_checkinteger(L, 1), luaL_checkinteger(L, 2), &wide)) {
        return luaL_error(L, "the result does not fit 64 bits");
    }
    lua_pushinteger(L, wide);
    return 1;
}

static const luaL_Reg int_module[] = {
    {"add", l_add},
    {"mul", l_mul},
    {"mul_div", l_mul_div},
    {"mul_mod", l_mul_mod},
    {NULL, NULL},
};

int mx_luaopen_int(lua_State *L) {
    luaL_newlib(L, int_module);
    return 1;
}
