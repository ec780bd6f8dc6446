// lua.c: runs the Lua script that is its first argument; the others are the script's.
#include <stdio.h>
#include <stdlib.h>

#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"

#ifdef __wasi__ // What this target has not: temporary files and other programs.
FILE *tmpfile(void) { return NULL; }
char *tmpnam(char *name) { return NULL; }
int system(const char *command) { return -1; }
#endif

int main(int count, char **words) {
  if (count < 2) return fputs("usage: lua SCRIPT ARGUMENTS\n", stderr), 2;
  lua_State *state = luaL_newstate();
  luaL_openlibs(state);
  lua_newtable(state);
  for (int i = 1; i < count; i++) lua_pushstring(state, words[i]), lua_rawseti(state, -2, i - 1);
  lua_setglobal(state, "arg");
  if (luaL_dofile(state, words[1])) return fprintf(stderr, "%s\n", lua_tostring(state, -1)), 1;
  lua_close(state);
  return 0;
}
