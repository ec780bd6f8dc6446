// Objects, closures, strings, sorting, regular expressions.
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "quickjs.h"

static const char PROGRAM[] =
    "function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }\n"
    "class Point { constructor(x) { this.x = x; } add(y) { this.x += y; return this; } }\n"
    "const point = new Point(0);\n"
    "for (let i = 0; i < 500000; i++) point.add(i);\n"
    "const words = [];\n"
    "for (let i = 0; i < 30000; i++) words.push((i * 7919 % 65536).toString(16));\n"
    "words.sort();\n"
    "const count = new Map();\n"
    "for (const word of words) for (const c of word) count.set(c, (count.get(c) || 0) + 1);\n"
    "let sum = 0;\n"
    "for (let i = 1; i < 1000000; i++) sum += 1 / (i * i);\n"
    "const found = words.join(' ').match(/a[0-9]+b/g).length;\n"
    "[fib(24), point.x, words[100], count.get('a'), sum, found].join(' ');\n";

int main(void) {
  JSContext *context = JS_NewContext(JS_NewRuntime());
  JSValue value = JS_Eval(context, PROGRAM, strlen(PROGRAM), "program", JS_EVAL_TYPE_GLOBAL);
  if (JS_IsException(value)) value = JS_GetException(context);
  puts(JS_ToCString(context, value));
  tell_time();
  return 0;
}
