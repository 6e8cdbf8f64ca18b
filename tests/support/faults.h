/*
 * faults.h - what the parts of the preloaded library share.
 *
 *   faults.c        what is to fail, who counts, the log
 *   faults_calls.c  memory, processes, threads, the kernel's keyring, LMDB
 *   faults_files.c  files
 */
#ifndef SAKSI_TESTS_FAULTS_H
#define SAKSI_TESTS_FAULTS_H

#undef _FORTIFY_SOURCE /* its inline open() and read() would be in the way */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>

enum kind {
	ALLOC,
	SODIUM,
	KDF,
	RANDOM,
	OPEN,
	READ,
	WRITE,
	SYNC,
	SIZE,
	NAME,
	STAT,
	MAP,
	LOCK,
	FCNTL,
	CLOSE,
	DIRECTORY,
	PROCESS,
	CHILD,
	WAIT,
	THREAD,
	KEY,
	DB_ENV,
	DB_TXN,
	DB_GET,
	DB_PUT,
	DB_COMMIT,
	KINDS
};

#define SHORT (-1000000)
#define FIRST_CHILD 8u

/* Only what has the name of a real call is to be seen from outside. */
#define OURS __attribute__((visibility("hidden")))

extern OURS atomic_long secrets;
extern OURS atomic_uint n_threads;
extern OURS bool cheap_kdf;
extern OURS _Thread_local bool busy; /* a call of our own */
extern OURS _Thread_local unsigned who;

/** strike(kind, function): What the call shall fail with, or 0.  errno is left alone. */
OURS int strike(enum kind kind, const char *function);
/** find_real(where, name): The function that stands behind ours. */
OURS void find_real(void *where, const char *name);

#define REAL(name)                            \
	static __typeof__(name) *real = NULL; \
	int why;                              \
	if (real == NULL)                     \
	find_real(&real, #name)

#define STRUCK(kind, name) ((why = strike((kind), #name)) != 0)

/* Fail by errno with value V. */
#define FAIL_IF(kind, name, v)            \
	do {                              \
		if (STRUCK(kind, name)) { \
			errno = why;      \
			return v;         \
		}                         \
	} while (0)

#endif
