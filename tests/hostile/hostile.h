/*
 * hostile.h - an exporter that tries to get out, one way at a time.
 *
 * Which way, when, and with what file is written into the shared object
 * itself (its orders), because a constructor gets no arguments: the test
 * copies the object and patches the copy.
 */
#ifndef TEST_HOSTILE_H
#define TEST_HOSTILE_H

#include <stddef.h>
#include <sys/types.h>

#define ORDERS_MARK "saksi-hostile-orders:"
#define ORDERS_PART 200

struct orders {
	char mark[24];
	char when[24];		 /* constructor, open, option, begin, item, end, close */
	char what[40];		 /* name of the attempt */
	char file[ORDERS_PART];	 /* exists, must stay as it is and unread */
	char fresh[ORDERS_PART]; /* does not exist, must not come to be */
	char parent[16]; /* the test: getppid() is refused, and -1 would mean everyone */
	char port[8];	 /* of a listening socket of the test, on 127.0.0.1 */
};

struct attempt {
	const char *name;
	/* true: it worked, which it must not */
	int (*run)(const struct orders *o);
};

/* Each file of attempts ends its table with a NULL name. */
extern const struct attempt attempts_files[];
extern const struct attempt attempts_sockets[];
extern const struct attempt attempts_processes[];
extern const struct attempt attempts_kernel[];
extern const struct attempt attempts_limits[];

/** parent(o): Never -1, which would mean every process there is. */
pid_t parent(const struct orders *o);

/* For attempts that write by the host's way. */
extern void (*hostile_write)(const void *p, size_t n);
extern void (*hostile_log)(const char *text);

#endif
