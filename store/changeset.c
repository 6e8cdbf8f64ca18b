/* changeset.c - encode, decode, sign and check one changeset (FORMAT.md 5). */
#include <stdlib.h>
#include <string.h>

#include <saksi/store/changeset.h>

#define HEADER_FIELDS 12u
#define SEQ_MAX ((UINT64_C(1) << 53) - 1)
#define HEADER_MAX 4096u

void log_id_of(struct saksi_hash *out, const struct saksi_hash *device,
    const uint8_t coll[16], const uint8_t nonce[16])
{
	struct crypto_hash_state st;

	crypto_hash_init(&st, "log");
	crypto_hash_add(&st, device->b, sizeof(device->b));
	crypto_hash_add(&st, coll, 16);
	crypto_hash_add(&st, nonce, 16);
	crypto_hash_final(&st, out);
}

void changeset_free(struct changeset **cs)
{
	if (cs == NULL || *cs == NULL)
		return;
	free((*cs)->parts);
	buf_free(&(*cs)->bytes);
	free(*cs);
	*cs = NULL;
}

static void part_commit(struct changeset_part *part)
{
	struct crypto_hash_state st;

	crypto_hash_init(&st, "part");
	crypto_hash_add(&st, part->salt, sizeof(part->salt));
	crypto_hash_add(&st, part->p, part->len);
	crypto_hash_final(&st, &part->commit);
}

static void body_commit(const struct changeset *cs, struct saksi_hash *out)
{
	struct crypto_hash_state st;
	uint8_t len[4];

	crypto_hash_init(&st, "body");
	for (uint32_t i = 0; i < cs->n_parts; i++) {
		le32_put(len, cs->parts[i].len);
		crypto_hash_add(&st, cs->parts[i].commit.b, sizeof(cs->parts[i].commit.b));
		crypto_hash_add(&st, len, sizeof(len));
	}
	crypto_hash_final(&st, out);
}

static void write_hashes(struct buf *b, const struct saksi_hash *list, uint32_t n)
{
	mp_array(b, n);
	for (uint32_t i = 0; i < n; i++)
		mp_bin(b, list[i].b, sizeof(list[i].b));
}

static void write_header(struct buf *b, const struct changeset *cs)
{
	mp_array(b, HEADER_FIELDS);
	mp_uint(b, CHANGESET_VERSION);
	mp_uint(b, cs->kind);
	mp_bin(b, cs->space.b, sizeof(cs->space.b));
	mp_bin(b, cs->coll, sizeof(cs->coll));
	mp_bin(b, cs->log.b, sizeof(cs->log.b));
	mp_uint(b, cs->seq);
	if (cs->has_prev)
		mp_bin(b, cs->prev.b, sizeof(cs->prev.b));
	else
		mp_nil(b);
	write_hashes(b, cs->deps, cs->n_deps);
	write_hashes(b, cs->auth, cs->n_auth);
	mp_uint(b, cs->hlc);
	mp_uint(b, cs->body_len);
	mp_bin(b, cs->body_commit.b, sizeof(cs->body_commit.b));
}

/* Sorted and distinct, so that one set of causes has one encoding. */
static uint32_t read_hashes(struct mp_reader *r, struct saksi_hash *list, uint32_t max)
{
	uint32_t n = mp_read_array(r);

	if (n > max) {
		mp_fail(r, "more causes than allowed");
		return 0;
	}
	for (uint32_t i = 0; i < n; i++) {
		mp_read_fixed(r, list[i].b, sizeof(list[i].b));
		if (i > 0 && hash_cmp(&list[i - 1], &list[i]) >= 0)
			mp_fail(r, "causes are not ascending");
	}
	return n;
}

static enum saksi_err read_header(struct changeset *cs, const uint8_t *p, size_t n,
    struct saksi_error *err)
{
	struct mp_reader r;
	uint64_t version, kind, body_len;

	mp_read_init(&r, p, n);
	mp_expect_array(&r, HEADER_FIELDS);
	version = mp_read_uint(&r);
	kind = mp_read_uint(&r);
	if (!r.failed &&
	    (version != CHANGESET_VERSION || kind < CS_DATA || kind > CS_SNAPSHOT))
		return saksi_fail(err, SAKSI_ENEWER,
		    "changeset: version or kind is not known here; a newer saksi wrote it");
	cs->kind = (uint8_t)kind;
	mp_read_fixed(&r, cs->space.b, sizeof(cs->space.b));
	mp_read_fixed(&r, cs->coll, sizeof(cs->coll));
	mp_read_fixed(&r, cs->log.b, sizeof(cs->log.b));
	cs->seq = mp_read_uint(&r);
	if (cs->seq == 0 || cs->seq > SEQ_MAX)
		mp_fail(&r, "sequence number out of range");
	cs->has_prev = !mp_read_nil(&r);
	if (cs->has_prev)
		mp_read_fixed(&r, cs->prev.b, sizeof(cs->prev.b));
	if (cs->has_prev != (cs->seq > 1))
		mp_fail(&r, "the first entry has no predecessor, every other one has");
	cs->n_deps = read_hashes(&r, cs->deps, CHANGESET_DEPS_MAX);
	cs->n_auth = read_hashes(&r, cs->auth, CHANGESET_AUTH_MAX);
	cs->hlc = mp_read_uint(&r);
	body_len = mp_read_uint(&r);
	if (body_len > CHANGESET_MAX)
		mp_fail(&r, "body too long");
	cs->body_len = (uint32_t)body_len;
	mp_read_fixed(&r, cs->body_commit.b, sizeof(cs->body_commit.b));
	return mp_done(&r, "changeset header", err);
}

/* A part is [bin salt, bin bytes], or erased [bin commit, uint length]. */
static void read_part(struct mp_reader *r, struct changeset_part *part)
{
	const uint8_t *head;
	size_t n;
	uint64_t len;

	mp_expect_array(r, 2);
	n = mp_read_bin(r, &head);
	if (r->failed)
		return;
	if (mp_peek(r) == MP_BIN && n == sizeof(part->salt)) {
		memcpy(part->salt, head, n);
		part->len = (uint32_t)mp_read_bin(r, &part->p);
		if (!r->failed && part->len == 0)
			mp_fail(r, "an empty part");
		if (!r->failed)
			part_commit(part);
	} else if (mp_peek(r) == MP_UINT && n == sizeof(part->commit.b)) {
		memcpy(part->commit.b, head, n);
		len = mp_read_uint(r);
		if (len == 0 || len > CHANGESET_MAX)
			mp_fail(r, "length of an erased part out of range");
		part->len = (uint32_t)len;
	} else
		mp_fail(r, "neither a part nor an erased part");
}

static enum saksi_err read_body(struct changeset *cs, struct mp_reader *r,
    struct saksi_error *err)
{
	struct saksi_hash commit;
	enum saksi_err rc;
	uint64_t total = 0;
	uint32_t n = mp_read_array(r);

	if (n > CHANGESET_PARTS_MAX)
		mp_fail(r, "too many parts");
	if (!r->failed && n > 0 && (cs->parts = calloc(n, sizeof(*cs->parts))) == NULL)
		return saksi_fail_nomem(err);
	cs->n_parts = r->failed ? 0 : n;
	for (uint32_t i = 0; i < cs->n_parts && !r->failed; i++) {
		read_part(r, &cs->parts[i]);
		total += cs->parts[i].len;
	}
	if ((rc = mp_done(r, "changeset", err)) != SAKSI_OK)
		return rc;
	body_commit(cs, &commit);
	if (total != cs->body_len ||
	    !crypto_equal(commit.b, cs->body_commit.b, sizeof(commit.b)))
		return saksi_fail(err, SAKSI_EAUTH,
		    "changeset: the body is not the one that was signed");
	return SAKSI_OK;
}

enum saksi_err changeset_decode(struct changeset **out, const void *p, size_t n,
    struct saksi_error *err)
{
	struct changeset *cs = NULL;
	struct mp_reader r;
	const uint8_t *head;
	size_t head_len;
	enum saksi_err rc;

	*out = NULL;
	if (n > CHANGESET_MAX)
		return saksi_fail(err, SAKSI_ELIMIT, "changeset: longer than %u bytes",
		    CHANGESET_MAX);
	if ((cs = calloc(1, sizeof(*cs))) == NULL)
		return saksi_fail_nomem(err);
	buf_add(&cs->bytes, p, n);
	if ((rc = buf_ok(&cs->bytes, err)) != SAKSI_OK)
		goto fail;
	mp_read_init(&r, cs->bytes.p, cs->bytes.len);
	mp_expect_array(&r, 3);
	head_len = mp_read_bin(&r, &head);
	if (head_len > HEADER_MAX)
		mp_fail(&r, "header too long");
	mp_read_fixed(&r, cs->sig, sizeof(cs->sig));
	if (r.failed) {
		rc = mp_done(&r, "changeset", err);
		goto fail;
	}
	crypto_hash_of(&cs->id, "cs", head, head_len);
	if ((rc = read_header(cs, head, head_len, err)) != SAKSI_OK)
		goto fail;
	if ((rc = read_body(cs, &r, err)) != SAKSI_OK)
		goto fail;
	*out = cs;
	return SAKSI_OK;
fail:
	changeset_free(&cs);
	return rc;
}

enum saksi_err changeset_verify(const struct changeset *cs, const uint8_t pk[CRYPTO_KEY],
    struct saksi_error *err)
{
	return crypto_verify_hash(cs->sig, pk, "cs-sig", &cs->id, err);
}

static enum saksi_err salt_parts(struct changeset *cs, const struct part_bytes *parts,
    size_t n, struct saksi_error *err)
{
	size_t total = 0;

	if (n > CHANGESET_PARTS_MAX)
		return saksi_fail(err, SAKSI_ELIMIT, "changeset: more than %u parts",
		    CHANGESET_PARTS_MAX);
	if (n > 0 && (cs->parts = calloc(n, sizeof(*cs->parts))) == NULL)
		return saksi_fail_nomem(err);
	cs->n_parts = (uint32_t)n;
	for (size_t i = 0; i < n; i++) {
		if (parts[i].len == 0 || parts[i].len > CHANGESET_MAX - total)
			return saksi_fail(err, SAKSI_ELIMIT,
			    "changeset: longer than %u bytes", CHANGESET_MAX);
		total += parts[i].len;
		crypto_random(cs->parts[i].salt, sizeof(cs->parts[i].salt));
		cs->parts[i].p = parts[i].p;
		cs->parts[i].len = (uint32_t)parts[i].len;
		part_commit(&cs->parts[i]);
	}
	cs->body_len = (uint32_t)total;
	body_commit(cs, &cs->body_commit);
	return SAKSI_OK;
}

/* Its bytes, in a block that is large enough at once, and its parts in them. */
static enum saksi_err write_all(struct changeset *cs, const struct buf *header,
    struct saksi_error *err)
{
	struct buf *all = &cs->bytes;

	if (buf_reserve(all, 128 + header->len + 32u * cs->n_parts + cs->body_len) == NULL)
		return saksi_fail_nomem(err);
	mp_array(all, 3);
	mp_bin(all, header->p, header->len);
	mp_bin(all, cs->sig, sizeof(cs->sig));
	mp_array(all, cs->n_parts);
	for (uint32_t i = 0; i < cs->n_parts; i++) {
		struct changeset_part *part = &cs->parts[i];

		mp_array(all, 2);
		mp_bin(all, part->salt, sizeof(part->salt));
		mp_bin(all, part->p, part->len);
		part->p = all->p + all->len - part->len;
	}
	if (all->len > CHANGESET_MAX)
		return saksi_fail(err, SAKSI_ELIMIT, "changeset: longer than %u bytes",
		    CHANGESET_MAX);
	return buf_ok(all, err);
}

enum saksi_err changeset_build(struct changeset **out, const struct changeset *head,
    const struct part_bytes *parts, size_t n_parts, const struct secret *sk,
    struct saksi_error *err)
{
	struct changeset *cs = calloc(1, sizeof(*cs));
	struct buf header = BUF_INIT;
	enum saksi_err rc;

	*out = NULL;
	if (cs == NULL)
		return saksi_fail_nomem(err);
	*cs = *head;
	cs->parts = NULL;
	cs->bytes = (struct buf)BUF_INIT;
	if ((rc = salt_parts(cs, parts, n_parts, err)) != SAKSI_OK)
		goto fail;
	write_header(&header, cs);
	if ((rc = buf_ok(&header, err)) != SAKSI_OK)
		goto fail;
	crypto_hash_of(&cs->id, "cs", header.p, header.len);
	crypto_sign_hash(cs->sig, sk, "cs-sig", &cs->id);
	/* What we send, we accept: parts are checked by who merges them. */
	if ((rc = read_header(cs, header.p, header.len, err)) == SAKSI_OK &&
	    (rc = write_all(cs, &header, err)) == SAKSI_OK) {
		*out = cs;
		cs = NULL;
	}
fail:
	changeset_free(&cs);
	buf_free(&header);
	return rc;
}

bool changeset_log_open(const struct changeset *cs, struct saksi_hash *device,
    uint8_t nonce[16], unsigned *reason)
{
	struct mp_reader r;
	uint64_t why;

	if (cs->seq != 1 || cs->n_parts == 0 || cs->parts[0].p == NULL)
		return false;
	mp_read_init(&r, cs->parts[0].p, cs->parts[0].len);
	mp_expect_array(&r, 4);
	if (mp_read_uint(&r) != PART_LOG_OPEN)
		return false;
	mp_read_fixed(&r, device->b, sizeof(device->b));
	mp_read_fixed(&r, nonce, 16);
	why = mp_read_uint(&r);
	if (mp_done(&r, "log opening", NULL) != SAKSI_OK || why > LOG_ROTATED)
		return false;
	*reason = (unsigned)why;
	return true;
}

size_t changeset_causes(const struct changeset *cs,
    const struct saksi_hash *out[CHANGESET_CAUSES_MAX])
{
	size_t n = 0;

	if (cs->has_prev)
		out[n++] = &cs->prev;
	for (uint32_t i = 0; i < cs->n_deps; i++)
		out[n++] = &cs->deps[i];
	for (uint32_t i = 0; i < cs->n_auth; i++)
		out[n++] = &cs->auth[i];
	return n;
}
