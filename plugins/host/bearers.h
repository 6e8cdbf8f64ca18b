/*
 * bearers.h - whose names stand in the texts of a submission, and who of them
 * may be named (check C8).
 *
 *     bearers_gather -> bearers_find -> bearers_weigh -> (withhold.c)
 */
#ifndef SAKSI_HOST_BEARERS_H
#define SAKSI_HOST_BEARERS_H

#include "names.h"
#include "submission.h"

enum standing {
	STANDING_OPEN, /* may be named: consent, or an office that the facts are about */
	STANDING_UNASKED,  /* no answer yet; an override goes on over that */
	STANDING_WITHHELD, /* never named, override or not */
};

struct bearer {
	struct victim *victim; /* of the submission; NULL for anybody else */
	struct victim own;     /* of anybody else: the record, and the answers */
	const char *tie;       /* to its events: "victim", "source"; NULL */
	bool deleted, office;
	enum standing standing;
	const char *why; /* for people: why it may not be named */
	bool guarded;	 /* also a name of one word counts: a refusal, or a tie */
	bool masked;
	bool found; /* some name of it stands somewhere in the document */
	bool stands,
	    contact; /* what blocks: a name; a telephone number, e-mail, address */
	bool unsure, part, namesake;
	struct buf where; /* "title of event x, note of act y" */
	unsigned n_where;
};

struct bearers {
	struct submission *s;
	struct bearer *list; /* the first are the victims, in their order */
	size_t n, cap;
	struct names names;
	struct saksi_error *err;
	enum saksi_err rc;
	bool failed; /* memory ran out */
};

/** each_text(s, fn, ctx): Every text of the document that others than the recipient may read. */
typedef void text_fn(void *ctx, json_t *text);
void each_text(struct submission *s, text_fn *fn, void *ctx);

/** bearers_gather(b, s, err): Of the whole vault, those whose names may stand there. */
SAKSI_MUST_CHECK enum saksi_err bearers_gather(struct bearers *b, struct submission *s,
    struct saksi_error *err);
void bearers_free(struct bearers *b);
/** bearer_of(b): The record and answers, of a victim or of anybody else. */
struct victim *bearer_of(struct bearer *b);

/* ---- standing.c ------------------------------------------------------------------ */
/** bearers_weigh(b, err): Who of those that were found may be named, and where they stand. */
SAKSI_MUST_CHECK enum saksi_err bearers_weigh(struct bearers *b, struct saksi_error *err);

/* ---- checks_names.c ---------------------------------------------------------------- */
/** bearers_report(b): C8, for each that stands where it may not. */
void bearers_report(struct bearers *b);

#endif
