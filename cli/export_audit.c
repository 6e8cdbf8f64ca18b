/* An export in the audit trail: what left, made by what, over which objections. */
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "export.h"
#include "options.h"
#include "output.h"

enum saksi_err export_blocks(struct exporting *x,
    void (*fn)(void *ctx, const void *p, size_t n), void *ctx)
{
	uint8_t block[4096];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(x->job.out_fd, block, sizeof(block), at)) > 0) {
		fn(ctx, block, (size_t)n);
		at += n;
	}
	wipe(block, sizeof(block));
	return n == 0 ? SAKSI_OK
		      : saksi_fail_sys(&x->c->err, "output: cannot be read back");
}

static void to_hash(void *ctx, const void *p, size_t n)
{
	crypto_hash_add(ctx, p, n);
}

static json_t *used_overrides(const struct exporting *x)
{
	json_t *list = json_array();

	for (size_t i = 0; x->overrides[i] != NULL; i++)
		for (size_t k = 0; k < x->findings.n; k++)
			if (x->findings.list[k].overridden &&
			    strcmp(x->findings.list[k].check, x->overrides[i]) == 0) {
				arr_add(&list, json_string(x->overrides[i]));
				break;
			}
	return list;
}

static json_t *export_details(struct exporting *x, const struct saksi_hash *output)
{
	struct cli *c = x->c;
	char letter[2] = {class_letter(x->ceiling), '\0'};
	char hex[65];
	json_t *o = json_object();

	obj_text(&o, "format", x->format->name);
	if (x->format->form)
		obj_text(&o, "form_version", x->format->version);
	hex_encode(hex, x->plugin_hash.b, sizeof(x->plugin_hash.b));
	obj_text(&o, "exporter", hex);
	hex_encode(hex, output->b, sizeof(output->b));
	obj_text(&o, "output", hex);
	obj_text(&o, "ceiling", letter);
	if (cli_opt(c, "select") != NULL)
		obj_text(&o, "select", cli_opt(c, "select"));
	if (x->intervention[0] != '\0')
		obj_text(&o, "for", x->intervention);
	obj_int(&o, "records", x->result.records);
	obj_int(&o, "withheld", x->result.withheld);
	if (x->result.relied_on != NULL)
		obj_set(&o, "relied_on", json_incref(x->result.relied_on));
	return o;
}

/* Over which objections, by whose words: without that on record nothing leaves. */
static enum saksi_err audit_overrides(struct exporting *x)
{
	json_t *list = used_overrides(x);
	json_t *o;
	enum saksi_err rc;

	if (list == NULL)
		return saksi_fail_nomem(&x->c->err);
	if (json_array_size(list) == 0) {
		json_decref(list);
		return SAKSI_OK;
	}
	o = json_object();
	obj_text(&o, "format", x->format->name);
	if (x->intervention[0] != '\0')
		obj_text(&o, "for", x->intervention);
	obj_text(&o, "reason", cli_opt(x->c, "reason"));
	obj_set(&o, "checks", list);
	if (o == NULL)
		return saksi_fail_nomem(&x->c->err);
	rc = audit_write(x->c, "override", o, true);
	json_decref(o);
	return rc;
}

enum saksi_err export_audit(struct exporting *x)
{
	struct crypto_hash_state st;
	struct saksi_hash output;
	json_t *o = NULL;
	enum saksi_err rc;

	crypto_hash_init(&st, "export");
	rc = export_blocks(x, to_hash, &st);
	crypto_hash_final(&st, &output);
	if (rc == SAKSI_OK)
		rc = audit_overrides(x);
	if (rc != SAKSI_OK)
		return rc;
	o = export_details(x, &output);
	if (o == NULL)
		return saksi_fail_nomem(&x->c->err);
	rc = audit_write(x->c, "export", o, false);
	json_decref(o);
	return rc;
}
