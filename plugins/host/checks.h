/*
 * checks.h - what the checks share.
 */
#ifndef SAKSI_HOST_CHECKS_H
#define SAKSI_HOST_CHECKS_H

#include "submission.h"

struct check_run {
	struct submission *s;
	const char *id;
	enum host_level level;
	struct saksi_error *err;
	enum saksi_err rc;
};
typedef void check_fn(struct check_run *c);

/** check_asked(s, id): The form asks for this check. */
bool check_asked(const struct submission *s, const char *id);

/* ---- checks_consent.c ------------------------------------------------------------ */
void check_c1(struct check_run *c);
void check_c2(struct check_run *c);
/** consent_command(b, s, v): "; ANSWER: ...; ask, then: saksi edit ..." */
void consent_command(struct buf *b, const struct submission *s, const struct victim *v);

/* ---- checks_ceiling.c ------------------------------------------------------------ */
void check_ceiling(struct check_run *c);

#endif
