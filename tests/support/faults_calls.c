/* faults_calls.c - memory, processes, threads, keys and LMDB, made to fail. */
#include "faults.h"

#include <keyutils.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lmdb.h>
#include <sodium.h>

/* ---- memory ---------------------------------------------------------------------------------- */

void *malloc(size_t n)
{
	REAL(malloc);
	FAIL_IF(ALLOC, malloc, NULL);
	return real(n);
}

void *calloc(size_t n, size_t m)
{
	REAL(calloc);
	FAIL_IF(ALLOC, calloc, NULL);
	return real(n, m);
}

void *realloc(void *p, size_t n)
{
	REAL(realloc);
	FAIL_IF(ALLOC, realloc, NULL);
	return real(p, n);
}

void *reallocarray(void *p, size_t n, size_t m)
{
	REAL(reallocarray);
	FAIL_IF(ALLOC, reallocarray, NULL);
	return real(p, n, m);
}

int posix_memalign(void **p, size_t align, size_t n)
{
	REAL(posix_memalign);
	if (STRUCK(ALLOC, posix_memalign))
		return why;
	return real(p, align, n);
}

void *sodium_malloc(const size_t n)
{
	void *p;
	REAL(sodium_malloc);
	FAIL_IF(SODIUM, sodium_malloc, NULL);
	p = real(n);
	atomic_fetch_add(&secrets, p != NULL ? 1 : 0);
	return p;
}

void sodium_free(void *p)
{
	static __typeof__(sodium_free) *real = NULL;

	if (real == NULL)
		find_real(&real, "sodium_free");
	atomic_fetch_sub(&secrets, p != NULL ? 1 : 0);
	real(p);
}

int crypto_pwhash(unsigned char *const out, unsigned long long outlen,
    const char *const pw, unsigned long long pwlen, const unsigned char *const salt,
    unsigned long long ops, size_t mem, int alg)
{
	REAL(crypto_pwhash);
	FAIL_IF(KDF, crypto_pwhash, -1);
	if (cheap_kdf)
		return crypto_generichash(out, (size_t)outlen, (const unsigned char *)pw,
		    pwlen, salt, crypto_pwhash_SALTBYTES);
	return real(out, outlen, pw, pwlen, salt, ops, mem, alg);
}

ssize_t getrandom(void *p, size_t n, unsigned flags)
{
	REAL(getrandom);
	FAIL_IF(RANDOM, getrandom, -1);
	return real(p, n, flags);
}

/* ---- processes and the kernel's keyring ------------------------------------------------------------ */

pid_t fork(void)
{
	REAL(fork);
	FAIL_IF(PROCESS, fork, -1);
	return real();
}

int pipe2(int fd[2], int flags)
{
	REAL(pipe2);
	FAIL_IF(PROCESS, pipe2, -1);
	return real(fd, flags);
}

int memfd_create(const char *name, unsigned flags)
{
	REAL(memfd_create);
	FAIL_IF(PROCESS, memfd_create, -1);
	return real(name, flags);
}

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	REAL(poll);
	FAIL_IF(WAIT, poll, -1);
	return real(fds, n, timeout);
}

pid_t waitpid(pid_t pid, int *status, int options)
{
	REAL(waitpid);
	FAIL_IF(WAIT, waitpid, -1);
	return real(pid, status, options);
}

int dup2(int from, int to)
{
	REAL(dup2);
	FAIL_IF(CHILD, dup2, -1);
	return real(from, to);
}

int chdir(const char *path)
{
	REAL(chdir);
	FAIL_IF(CHILD, chdir, -1);
	return real(path);
}

int execve(const char *path, char *const argv[], char *const env[])
{
	REAL(execve);
	FAIL_IF(CHILD, execve, -1);
	return real(path, argv, env);
}

int setrlimit(__rlimit_resource_t what, const struct rlimit *limit)
{
	REAL(setrlimit);
	FAIL_IF(CHILD, setrlimit, -1);
	return real(what, limit);
}

int prctl(int option, ...)
{
	va_list ap;
	unsigned long a[4];
	REAL(prctl);
	va_start(ap, option);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(ap, unsigned long);
	va_end(ap);
	FAIL_IF(CHILD, prctl, -1);
	return real(option, a[0], a[1], a[2], a[3]);
}

/* ---- threads ---------------------------------------------------------------------------------------- */

struct started {
	void *(*fn)(void *);
	void *ctx;
	unsigned who;
};

static void *first_of_thread(void *ctx)
{
	const struct started s = *(struct started *)ctx;

	busy = true;
	free(ctx);
	busy = false;
	who = s.who;
	return s.fn(s.ctx);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
    void *ctx)
{
	struct started *s;
	int rc = EAGAIN;
	REAL(pthread_create);
	if (STRUCK(THREAD, pthread_create))
		return why;
	busy = true; /* its stack is no call of ours */
	s = malloc(sizeof(*s));
	if (s != NULL) {
		*s = (struct started){fn, ctx, 1 + atomic_fetch_add(&n_threads, 1)};
		s->who = s->who < FIRST_CHILD ? s->who : FIRST_CHILD - 1;
		rc = real(thread, attr, first_of_thread, s);
	}
	if (rc != 0)
		free(s);
	busy = false;
	return rc;
}

int pthread_mutex_init(pthread_mutex_t *lock, const pthread_mutexattr_t *attr)
{
	REAL(pthread_mutex_init);
	if (STRUCK(THREAD, pthread_mutex_init))
		return why;
	return real(lock, attr);
}

int pthread_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attr)
{
	REAL(pthread_cond_init);
	if (STRUCK(THREAD, pthread_cond_init))
		return why;
	return real(cond, attr);
}

key_serial_t add_key(const char *type, const char *name, const void *p, size_t n,
    key_serial_t ring)
{
	REAL(add_key);
	FAIL_IF(KEY, add_key, -1);
	return real(type, name, p, n, ring);
}

long keyctl_search(key_serial_t ring, const char *type, const char *name, key_serial_t to)
{
	REAL(keyctl_search);
	FAIL_IF(KEY, keyctl_search, -1);
	return real(ring, type, name, to);
}

long keyctl_read(key_serial_t key, char *p, size_t n)
{
	REAL(keyctl_read);
	FAIL_IF(KEY, keyctl_read, -1);
	return real(key, p, n);
}

long keyctl_revoke(key_serial_t key)
{
	REAL(keyctl_revoke);
	FAIL_IF(KEY, keyctl_revoke, -1);
	return real(key);
}

long keyctl_unlink(key_serial_t key, key_serial_t ring)
{
	REAL(keyctl_unlink);
	FAIL_IF(KEY, keyctl_unlink, -1);
	return real(key, ring);
}

long keyctl_setperm(key_serial_t key, key_perm_t perm)
{
	REAL(keyctl_setperm);
	FAIL_IF(KEY, keyctl_setperm, -1);
	return real(key, perm);
}

long keyctl_set_timeout(key_serial_t key, unsigned s)
{
	REAL(keyctl_set_timeout);
	FAIL_IF(KEY, keyctl_set_timeout, -1);
	return real(key, s);
}

/* ---- LMDB -------------------------------------------------------------------------------------------- */

/* LMDB says what failed by its result. */
#define DB_FAIL_IF(kind, name)          \
	do {                            \
		if (STRUCK(kind, name)) \
			return why;     \
	} while (0)

int mdb_env_create(MDB_env **env)
{
	REAL(mdb_env_create);
	DB_FAIL_IF(DB_ENV, mdb_env_create);
	return real(env);
}

int mdb_env_open(MDB_env *env, const char *path, unsigned flags, mdb_mode_t mode)
{
	REAL(mdb_env_open);
	DB_FAIL_IF(DB_ENV, mdb_env_open);
	return real(env, path, flags, mode);
}

int mdb_env_set_mapsize(MDB_env *env, size_t n)
{
	REAL(mdb_env_set_mapsize);
	DB_FAIL_IF(DB_ENV, mdb_env_set_mapsize);
	return real(env, n);
}

int mdb_env_set_maxdbs(MDB_env *env, MDB_dbi n)
{
	REAL(mdb_env_set_maxdbs);
	DB_FAIL_IF(DB_ENV, mdb_env_set_maxdbs);
	return real(env, n);
}

int mdb_env_set_maxreaders(MDB_env *env, unsigned n)
{
	REAL(mdb_env_set_maxreaders);
	DB_FAIL_IF(DB_ENV, mdb_env_set_maxreaders);
	return real(env, n);
}

int mdb_env_get_fd(MDB_env *env, mdb_filehandle_t *fd)
{
	REAL(mdb_env_get_fd);
	DB_FAIL_IF(DB_ENV, mdb_env_get_fd);
	return real(env, fd);
}

int mdb_env_info(MDB_env *env, MDB_envinfo *info)
{
	REAL(mdb_env_info);
	DB_FAIL_IF(DB_ENV, mdb_env_info);
	return real(env, info);
}

int mdb_reader_check(MDB_env *env, int *dead)
{
	REAL(mdb_reader_check);
	DB_FAIL_IF(DB_ENV, mdb_reader_check);
	return real(env, dead);
}

int mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **txn)
{
	REAL(mdb_txn_begin);
	DB_FAIL_IF(DB_TXN, mdb_txn_begin);
	return real(env, parent, flags, txn);
}

int mdb_dbi_open(MDB_txn *txn, const char *name, unsigned flags, MDB_dbi *dbi)
{
	REAL(mdb_dbi_open);
	DB_FAIL_IF(DB_TXN, mdb_dbi_open);
	return real(txn, name, flags, dbi);
}

int mdb_get(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data)
{
	REAL(mdb_get);
	DB_FAIL_IF(DB_GET, mdb_get);
	return real(txn, dbi, key, data);
}

int mdb_put(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data, unsigned flags)
{
	REAL(mdb_put);
	DB_FAIL_IF(DB_PUT, mdb_put);
	return real(txn, dbi, key, data, flags);
}

int mdb_del(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data)
{
	REAL(mdb_del);
	DB_FAIL_IF(DB_PUT, mdb_del);
	return real(txn, dbi, key, data);
}

int mdb_drop(MDB_txn *txn, MDB_dbi dbi, int del)
{
	REAL(mdb_drop);
	DB_FAIL_IF(DB_PUT, mdb_drop);
	return real(txn, dbi, del);
}

int mdb_cursor_open(MDB_txn *txn, MDB_dbi dbi, MDB_cursor **cursor)
{
	REAL(mdb_cursor_open);
	DB_FAIL_IF(DB_TXN, mdb_cursor_open);
	return real(txn, dbi, cursor);
}

int mdb_cursor_get(MDB_cursor *cursor, MDB_val *key, MDB_val *data, MDB_cursor_op op)
{
	REAL(mdb_cursor_get);
	DB_FAIL_IF(DB_GET, mdb_cursor_get);
	return real(cursor, key, data, op);
}

int mdb_cursor_put(MDB_cursor *cursor, MDB_val *key, MDB_val *data, unsigned flags)
{
	REAL(mdb_cursor_put);
	DB_FAIL_IF(DB_PUT, mdb_cursor_put);
	return real(cursor, key, data, flags);
}

/* A commit that fails has ended the transaction all the same. */
int mdb_txn_commit(MDB_txn *txn)
{
	REAL(mdb_txn_commit);
	if (STRUCK(DB_COMMIT, mdb_txn_commit)) {
		mdb_txn_abort(txn);
		return why;
	}
	return real(txn);
}
