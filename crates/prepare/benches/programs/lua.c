// Closures, tables, strings, methods and floats.
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"

static const char PROGRAM[] =
    "local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end\n"
    "local words, count = {}, {}\n"
    "for i = 1, 60000 do words[i] = string.format('%x', i * 7919 % 65536) end\n"
    "table.sort(words)\n"
    "for _, word in ipairs(words) do\n"
    "  for letter in word:gmatch('.') do count[letter] = (count[letter] or 0) + 1 end\n"
    "end\n"
    "local sum = 0.0\n"
    "for i = 1, 2000000 do sum = sum + 1 / (i * i) end\n"
    "local Point = {} Point.__index = Point\n"
    "function Point:add(x) self.x = self.x + x return self end\n"
    "local point = setmetatable({x = 0}, Point)\n"
    "for i = 1, 1000000 do point:add(i) end\n"
    "print(fib(27), words[100], count.a, sum, point.x)\n";

int main(void) {
  lua_State *state = luaL_newstate();
  static const luaL_Reg libraries[] = {{"_G", luaopen_base},
                                       {"string", luaopen_string},
                                       {"table", luaopen_table},
                                       {"math", luaopen_math}};
  for (int i = 0; i < 4; i++) luaL_requiref(state, libraries[i].name, libraries[i].func, 1);
  if (luaL_dostring(state, PROGRAM)) return fprintf(stderr, "%s\n", lua_tostring(state, -1)), 1;
  tell_time();
  return 0;
}
