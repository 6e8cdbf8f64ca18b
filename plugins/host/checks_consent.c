/* checks_consent.c - who did not answer yet, and how to record an answer. */
#include <stdio.h>
#include <string.h>

#include "checks.h"

#define NAME_LEAST 12u /* bytes of a name that have to be left for the command */
#define REF_MAX 40u

/* Everyone whose name stands in the document, or would if it were not withheld. */
static bool is_named(const struct victim *v)
{
	return v->seen && (v->named || v->withheld);
}

/* What to call the record on a command line: its ref, if no shell minds it. */
static const char *name_for_shell(const struct victim *v)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	const char *ref = text_at(v->record, "ref");
	size_t n = strlen(ref);
	bool ok = n > 0 && n <= REF_MAX && ref[0] != '-' && strspn(ref, plain) == n;
	return ok ? ref : v->id;
}

/* Whoever asked writes the answer into it: nothing is assumed here. */
void consent_command(struct buf *b, const struct submission *s, const struct victim *v)
{
	static const char *const checks[PURPOSES] = {"C1", "C2", "C2"};
	buf_printf(b,
	    "; ANSWER: given, refused, withdrawn or not-possible; ask, then: saksi edit %s",
	    name_for_shell(v));
	for (int p = 0; p < PURPOSES; p++)
		if (v->consents[p].answer == ANSWER_NONE && check_asked(s, checks[p]))
			buf_printf(b,
			    " consent+='{\"purpose\":\"%s\",\"answer\":\"ANSWER\"}'",
			    purpose_code((enum purpose)p));
}

/* One finding: who, ${words}, and with ${ask} once per person the command. */
static void report(struct check_run *c, struct victim *v, const char *words, bool ask)
{
	const size_t room = sizeof((struct host_finding *)NULL)->words - 1;
	struct buf name = BUF_INIT, command = BUF_INIT;
	size_t n = strlen(words);
	record_label(&name, c->s->schema, v->record);
	if (ask && !v->asked) {
		consent_command(&command, c->s, v);
		v->asked = true;
	}
	/* A command that was cut off would be worse than none. */
	if (n + command.len + NAME_LEAST > room)
		command.len = 0;
	finding_add(c->s->findings, c->id, c->level, v->id, "%.*s%s%s",
	    (int)utf8_fit(buf_cstr(&name), room - n - command.len), buf_cstr(&name),
	    words, buf_cstr(&command));
	c->s->findings->failed = c->s->findings->failed || name.failed || command.failed;
	buf_free(&name);
	buf_free(&command);
}

void check_c1(struct check_run *c)
{
	for (size_t i = 0; i < c->s->n_victims; i++) {
		struct victim *v = &c->s->victims[i];
		const struct consent *k = &v->consents[SHARE_WITH_UN];
		if (!is_named(v) || k->answer == ANSWER_YES)
			continue;
		report(c, v,
		    k->answer == ANSWER_NO
			? ": refused or withdrew consent to share the case with the UN"
			: k->expired
			? ": the consent to share the case with the UN is past its day"
			: ": no consent recorded to share the case with the UN",
		    k->answer == ANSWER_NONE);
	}
}

/* Both questions in one finding. */
void check_c2(struct check_run *c)
{
	static const struct {
		enum purpose p;
		const char *what;
	} questions[] = {{NAME_TO_GOVERNMENT,
			     "may a letter with the name go to the Government"},
	    {NAME_PUBLIC, "may the name appear in public reports"}};
	for (size_t i = 0; i < c->s->n_victims; i++) {
		struct victim *v = &c->s->victims[i];
		char words[200] = ":";
		size_t n = 1;
		for (size_t q = 0; is_named(v) && q < 2; q++) {
			const struct consent *k = &v->consents[questions[q].p];
			if (k->answer == ANSWER_NONE)
				n += (size_t)snprintf(words + n, sizeof words - n,
				    "%s %s (%s)", n > 1 ? "," : "", questions[q].what,
				    k->expired ? "answer past its day" : "not answered");
		}
		if (n > 1)
			report(c, v, words, true);
	}
}
