/* status: what is in the vault, and how it stands with others. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/fsio.h>
#include <saksi/sync/exchange.h>

#include "open.h"
#include "options.h"
#include "output.h"
#include "trust.h"
#include "view.h"

struct status {
	json_t *records, *sync;
	size_t conflicts, deleted, pending, quarantined, devices;
	bool digested;
	struct saksi_hash digest;
	struct trust trust;
};

static const struct cli_option options[] = {
    {"digest", 0, false, NULL, "the state digest too, for which all records are read"},
    {NULL, 0, false, NULL, NULL},
};

static enum saksi_err gather(struct cli *c, struct status *s)
{
	enum saksi_err rc = cli_begin(c, false);

	if (rc == SAKSI_OK)
		rc = saksi_record_counts(c->txn, &s->records, &s->conflicts, &s->deleted,
		    &c->err);
	if (rc == SAKSI_OK && s->digested)
		rc = saksi_state_digest(c->txn, &s->digest, &c->err);
	if (rc == SAKSI_OK)
		rc = trust_load(c, &s->trust);
	cli_abort(c);
	if (rc == SAKSI_OK)
		rc = saksi_sync_status(c->team, &s->sync, &s->pending, &s->quarantined,
		    &c->err);
	(void)saksi_team_devices(c->team, &s->devices);
	return rc;
}

static json_t *last_sync(const struct status *s)
{
	json_t *out = json_object();
	const char *name;
	json_t *remote;

	json_object_foreach (json_object_get(s->sync, "remotes"), name, remote) {
		json_t *at = json_object_get(remote, "last_sync");

		obj_set(&out, name, at != NULL ? json_incref(at) : json_null());
	}
	return out;
}

static enum saksi_err print_json(struct cli *c, struct status *s)
{
	json_t *o = json_object();
	json_t *plugins = json_array();
	char hex[65];

	for (size_t i = 0; i < s->trust.n; i++)
		if (!s->trust.list[i].distrusted)
			arr_add(&plugins, json_string(s->trust.list[i].name));
	obj_set(&o, "records", json_incref(s->records));
	obj_int(&o, "conflicts", s->conflicts);
	obj_int(&o, "deleted", s->deleted);
	obj_int(&o, "pending", s->pending);
	obj_int(&o, "quarantined", s->quarantined);
	obj_int(&o, "devices", s->devices);
	hex_encode(hex, saksi_team_space(c->team)->b, 32);
	obj_text(&o, "team", hex);
	obj_text(&o, "device", saksi_team_self(c->team)->label);
	obj_set(&o, "restored", json_boolean(saksi_team_restored(c->team)));
	obj_text(&o, "role", team_role_name(saksi_team_self(c->team)->role));
	obj_set(&o, "last_sync", last_sync(s));
	hex_encode(hex, s->digest.b, 32);
	obj_text(&o, "state_digest", hex);
	obj_int(&o, "size_bytes", (size_t)saksi_vault_size(c->vault));
	obj_set(&o, "plugins", plugins);
	return cli_out_json(c, o);
}

static void print_records(struct cli *c, const struct status *s)
{
	size_t n;
	size_t total = 0;
	const struct schema_type *types = schema_types(c->schema, &n);

	for (size_t i = 0; i < n; i++)
		total += (size_t)json_integer_value(
		    json_object_get(s->records, types[i].name));
	(void)printf("Records     %zu\n", total);
	for (size_t i = 0; i < n; i++) {
		json_int_t k =
		    json_integer_value(json_object_get(s->records, types[i].name));

		if (k > 0)
			(void)printf("  %-14s %6lld\n", types[i].name, (long long)k);
	}
	if (s->deleted > 0)
		(void)
		    printf("  (deleted)      %6zu  kept; `saksi undelete` brings one back\n",
			s->deleted);
}

static void print_sync(const struct status *s)
{
	const char *name;
	json_t *remote;

	json_object_foreach (json_object_get(s->sync, "remotes"), name, remote) {
		char at[24] = "never";
		int64_t us;

		if (time_parse(&us, view_text(remote, "last_sync")))
			time_people(at, us);
		(void)printf("Last sync   %s  ", at);
		out_text(stdout, name);
		(void)fputc('\n', stdout);
	}
}

static enum saksi_err print_text(struct cli *c, struct status *s)
{
	const struct team_device *self = saksi_team_self(c->team);
	char hex[65];

	(void)fputs("Vault       ", stdout);
	out_text(stdout, c->dir);
	(void)printf("  (%.1f MB)\nDevice      ",
	    (double)saksi_vault_size(c->vault) / 1e6);
	out_text(stdout, self->label);
	(void)fputs(", used by ", stdout);
	out_text(stdout, self->person);
	(void)printf(" (%s)\n", team_role_name(self->role));
	hash_short(hex, saksi_team_space(c->team));
	(void)printf("Team        %s, %zu device%s\n", hex, s->devices,
	    s->devices == 1 ? "" : "s");
	print_records(c, s);
	(void)printf("Conflicts   %zu%s\n", s->conflicts,
	    s->conflicts > 0 ? "  (saksi conflicts)" : "");
	if (s->pending > 0)
		(void)printf("Pending     %zu  changes that wait for others to arrive\n",
		    s->pending);
	if (s->quarantined > 0)
		(void)printf("Quarantined %zu  changes that were set aside\n",
		    s->quarantined);
	print_sync(s);
	hex_encode(hex, s->digest.b, 32);
	if (s->digested)
		(void)
		    printf("State digest (equal on devices that hold the same)\n            %s\n",
			hex);
	(void)fputs("Exporters  ", stdout);
	for (size_t i = 0; i < s->trust.n; i++)
		if (!s->trust.list[i].distrusted) {
			(void)fputc(' ', stdout);
			out_text(stdout, s->trust.list[i].name);
		}
	(void)fputs(s->trust.n == 0 ? " none is trusted\n" : "\n", stdout);
	return SAKSI_OK;
}

static enum saksi_err run(struct cli *c)
{
	struct status s;
	enum saksi_err rc;

	memset(&s, 0, sizeof(s));
	s.digested = c->json || cli_flag(c, "digest");
	rc = cli_open(c);
	if (rc == SAKSI_OK)
		rc = gather(c, &s);
	if (rc == SAKSI_OK)
		rc = c->json ? print_json(c, &s) : print_text(c, &s);
	trust_free(&s.trust);
	json_decref(s.records);
	json_decref(s.sync);
	return rc;
}

const struct cli_command cmd_status = {
    .name = "status",
    .usage = "[--digest]",
    .brief = "what is in the vault, and how it stands with others",
    .help =
	"Shows the number of records by type, open conflicts, what is held back, the\n"
	"team, and the last sync with each remote. With --digest, and with --json, the state\n"
	"digest: two devices that hold the same changes show the same one. All records are\n"
	"read for it.",
    .example = "saksi status --digest\nsaksi status --json | jq .state_digest",
    .options = options,
    .max_args = 0,
    .run = run,
};
