/*
 * err.h - the result of every call, and the words for a person.
 *
 * A function that can fail returns enum saksi_err; the code names only what a
 * caller can act on.  The words go into a struct saksi_error that the caller
 * owns: fixed size, never allocated, and never holding record text, a key or
 * a passphrase.  Every err parameter may be NULL.
 */
#ifndef SAKSI_BASE_ERR_H
#define SAKSI_BASE_ERR_H

#include <stdbool.h>

#define SAKSI_MUST_CHECK __attribute__((warn_unused_result))
#define SAKSI_PRINTF(f, a) __attribute__((format(printf, f, a)))

enum saksi_err {
	SAKSI_OK = 0,
	SAKSI_ENOTFOUND, /* the named thing does not exist */
	SAKSI_EEXIST,	 /* the named thing exists already */
	SAKSI_EINVAL,	 /* an argument or a value that cannot be meant */
	SAKSI_EAUTH,	 /* wrong passphrase, bad MAC, bad signature, altered data */
	SAKSI_EDAMAGED,	 /* stored bytes are damaged below the level of a MAC */
	SAKSI_EFORMAT,	 /* input does not follow its format */
	SAKSI_ENEWER,	 /* written by a newer version of saksi */
	SAKSI_ELIMIT,	 /* a documented size, depth or count was exceeded */
	SAKSI_EBUSY,	 /* another process holds what is needed */
	SAKSI_ENOMEM,	 /* memory, or memory that may be locked, ran out */
	SAKSI_EIO,	 /* the system refused; errno is in saksi_error.sys */
	SAKSI_EREFUSED,	 /* a rule of consent, safety or trust says no */
	SAKSI_EPARTIAL,	 /* done in part; the words say what is missing */
	SAKSI_ELOCKED	 /* it is there, and needs a passphrase that nobody gave */
};

struct saksi_error {
	enum saksi_err code;
	int sys;       /* errno, or 0 */
	char msg[600]; /* NUL-terminated UTF-8, one line: thing, reason, next step */
};

/**
 * saksi_fail(err, code, fmt, ...):
 * Fill ${err} (unless NULL) and return ${code}, so that a failing function
 * ends with `return saksi_fail(...)`.
 */
enum saksi_err saksi_fail(struct saksi_error *err, enum saksi_err code, const char *fmt,
    ...) SAKSI_PRINTF(3, 4);

/**
 * saksi_fail_sys(err, fmt, ...):
 * As saksi_fail() with SAKSI_EIO (SAKSI_ENOMEM for ENOMEM, SAKSI_ENOTFOUND
 * for ENOENT), keeping errno and adding its words after a colon.
 */
enum saksi_err saksi_fail_sys(struct saksi_error *err, const char *fmt, ...)
    SAKSI_PRINTF(2, 3);

/** saksi_fail_nomem(err): SAKSI_ENOMEM with words. */
enum saksi_err saksi_fail_nomem(struct saksi_error *err);

#define SAKSI_REASON 200

/**
 * saksi_reason(out, err):
 * The words of ${err} without the next step, to stand in brackets within
 * others: what to do after a part of something is not what to do after that
 * part alone.  Returns ${out}.
 */
const char *saksi_reason(char out[SAKSI_REASON], const struct saksi_error *err);

/**
 * memory_ran_out(), memory_has_run_out():
 * Buffers and JSON note a lack of memory for the whole process, because much
 * that only shows something has no way to say so; who shows it asks at the end.
 */
void memory_ran_out(void);
bool memory_has_run_out(void);

/** saksi_err_name(code): The constant's own name.  Static, never NULL. */
const char *saksi_err_name(enum saksi_err code);

#ifdef __clang_analyzer__
/* The analyser sees one file at a time; tell it that a failure is one. */
#define saksi_fail(err, code, ...) \
	((void)(saksi_fail)((err), (code), __VA_ARGS__), (code))
#define saksi_fail_sys(err, ...) ((void)(saksi_fail_sys)((err), __VA_ARGS__), SAKSI_EIO)
#define saksi_fail_nomem(err) ((void)(saksi_fail_nomem)((err)), SAKSI_ENOMEM)
#endif

#endif
