/* unlock, lock: do without the passphrase for a time. */
#include <string.h>

#include "open.h"
#include "options.h"
#include "output.h"

#define DEFAULT_SECONDS (15u * 60u)
#define MAX_SECONDS (7u * 24u * 3600u)

static const struct cli_option options[] = {
    {"for", 0, false, "DURATION", "how long: 90s, 15m (default), 8h, 1d; at most 7d"},
    {NULL, 0, false, NULL, NULL},
};

/* "90s", "15m", "8h", "1d", or plain seconds. */
static enum saksi_err duration(unsigned *out, const char *text, struct saksi_error *err)
{
	static const char units[] = "smhd";
	static const unsigned seconds[] = {1, 60, 3600, 86400};
	char digits[12];
	size_t n = strlen(text);
	unsigned unit = 1;
	unsigned long count;
	const char *u = n > 0 ? strchr(units, text[n - 1]) : NULL;

	if (u != NULL) {
		unit = seconds[u - units];
		n--;
	}
	(void)snprintf(digits, sizeof(digits), "%.*s", (int)n, text);
	if (n >= sizeof(digits) || !cli_number(&count, digits, MAX_SECONDS / unit) ||
	    count == 0)
		return saksi_fail(err, SAKSI_EINVAL,
		    "--for: takes a time such as 90s, 15m, 8h or 1d, at most 7d");
	*out = (unsigned)count * unit;
	return SAKSI_OK;
}

/* "1 h 30 min", without what is nought. */
static void time_words(char words[64], unsigned seconds)
{
	const struct {
		unsigned unit;
		const char *name;
	} parts[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	size_t n = 0;

	words[0] = '\0';
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		unsigned count = seconds / parts[i].unit;

		seconds %= parts[i].unit;
		if (count > 0 && n < 48)
			n += (size_t)snprintf(words + n, 64 - n, "%s%u %s",
			    n > 0 ? " " : "", count, parts[i].name);
	}
}

static enum saksi_err run_unlock(struct cli *c)
{
	char words[64];
	const char *text = cli_opt(c, "for");
	unsigned seconds = DEFAULT_SECONDS;
	json_t *o;
	enum saksi_err rc = SAKSI_OK;

	if (text != NULL)
		rc = duration(&seconds, text, &c->err);
	if (rc == SAKSI_OK)
		rc = cli_open_vault(c, true);
	if (rc == SAKSI_OK)
		rc = saksi_vault_unlock_for(c->vault, seconds, &c->err);
	if (rc != SAKSI_OK)
		return rc;
	if (c->json) {
		o = json_object();
		obj_int(&o, "seconds", seconds);
		return cli_out_json(c, o);
	}
	time_words(words, seconds);
	cli_say(c, "Unlocked for %s. Until then every program of yours can read it.",
	    words);
	cli_say(c, "`saksi lock` ends it at once.");
	return SAKSI_OK;
}

const struct cli_command cmd_unlock = {
    .name = "unlock",
    .usage = "[--for DURATION]",
    .brief = "keep the vault open for a time",
    .help =
	"Asks for the passphrase once and keeps the vault's key, wrapped, for a time, so\n"
	"that the next commands do without. While it is unlocked, any program that runs\n"
	"under your name can read the vault.",
    .example = "saksi unlock --for 1h",
    .options = options,
    .max_args = 0,
    .run = run_unlock,
};

static enum saksi_err run_lock(struct cli *c)
{
	uint8_t id[VAULT_ID];
	bool was = true;
	json_t *o;
	enum saksi_err rc = cli_dir(c);

	if (rc == SAKSI_OK)
		rc = saksi_vault_id_at(c->dir, id, &c->err);
	if (rc != SAKSI_OK)
		return rc;
	rc = session_drop(id, &c->err);
	if (rc == SAKSI_ENOTFOUND) {
		was = false;
		rc = SAKSI_OK;
	}
	if (rc != SAKSI_OK)
		return rc;
	if (c->json) {
		o = json_object();
		obj_set(&o, "was_unlocked", json_boolean(was));
		return cli_out_json(c, o);
	}
	cli_say(c, was ? "Locked." : "It was locked already.");
	return SAKSI_OK;
}

const struct cli_command cmd_lock = {
    .name = "lock",
    .usage = "",
    .brief = "forget the vault's key at once",
    .help = "Ends what `unlock` began. Needs no passphrase.",
    .example = "saksi lock",
    .max_args = 0,
    .run = run_lock,
};
