/*
 * kv_guard.h - run code that reads a damaged map, and live.
 *
 * LMDB follows what its pages say, and a file can be cut off beneath a map.
 * guard_run() calls a function; SIGSEGV, SIGBUS or a failed LMDB assertion
 * in it ends that function, not the process.  What the function allocated or
 * locked is lost, so the caller gives up the environment.
 *
 * The signal handlers stand only between guard_install() and guard_remove()
 * (counted).  A fault outside guard_run() goes to whoever handled that signal
 * before.
 */
#ifndef SAKSI_STORE_KV_GUARD_H
#define SAKSI_STORE_KV_GUARD_H

#include <stdbool.h>

struct MDB_env;

void guard_install(void);
void guard_remove(void);

/** guard_run(fn, arg): Call ${fn}(${arg}); false when it was cut short. */
bool guard_run(void (*fn)(void *arg), void *arg);

/** guard_assert: For mdb_env_set_assert(). */
void guard_assert(struct MDB_env *env, const char *words);

#endif
