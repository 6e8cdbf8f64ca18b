/*
 * dump_values.c - what a vault keeps, value by value, for training a dictionary.
 *
 *   dump_values VAULT SCHEMA PASSFILE FOLDER
 *
 * Writes each value of the tables of records and of the log into a file of its
 * own, in the clear.  For vaults made of public records only: data/dictionary/make.sh.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/base/fsio.h>

#include "vault_impl.h"

static const char *folder;
static unsigned count;

static enum saksi_err write_one(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	char path[4096];
	FILE *f;

	(void)n;
	(void)err;
	(void)snprintf(path, sizeof(path), "%s/%s-%06u", folder, (const char *)ctx,
	    count++);
	if ((f = fopen(path, "wb")) == NULL || fwrite(p, 1, len, f) != len ||
	    fclose(f) != 0) {
		perror(path);
		exit(1);
	}
	return SAKSI_OK;
}

int main(int argc, char **argv)
{
	static char record[] = "record", log[] = "log";
	struct saksi_error err;
	struct schema *schema = NULL;
	struct secret *pass = NULL;
	struct saksi_vault *v = NULL;
	struct saksi_txn *t = NULL;
	struct buf b = BUF_INIT;

	if (argc != 5)
		return 2;
	folder = argv[4];
	if (schema_load(&schema, argv[2], &err) != SAKSI_OK ||
	    fs_read_file(&b, argv[3], 4096, &err) != SAKSI_OK ||
	    secret_copy(&pass, b.p, strcspn((const char *)buf_cstr(&b), "\n"), &err) !=
		SAKSI_OK ||
	    saksi_vault_open(&v, argv[1], schema, pass, 0, &err) != SAKSI_OK ||
	    saksi_txn_begin(&t, v, false, &err) != SAKSI_OK ||
	    kv_scan(t->kv, KV_RECORDS, 0, write_one, record, &err) != SAKSI_OK ||
	    kv_scan(t->kv, KV_LOG, 0, write_one, log, &err) != SAKSI_OK) {
		(void)fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	saksi_txn_abort(&t);
	saksi_vault_close(&v);
	secret_free(&pass);
	schema_free(&schema);
	buf_free(&b);
	return 0;
}
