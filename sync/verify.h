/*
 * verify.h - the gate: the only way of foreign bytes into the vault
 * (PROTOCOL.md section 6).
 *
 * What is merged, pending and quarantined afterwards is a function of the set
 * of changesets that came in, not of their order.  Bytes are gathered to
 * about 1 MiB and worked off in one transaction, so that nobody waits for the
 * vault while a slow pipe delivers.
 */
#ifndef SAKSI_SYNC_VERIFY_H
#define SAKSI_SYNC_VERIFY_H

#include "hold.h"
#include "tally.h"

struct gate;
/** gate_here_fn: A changeset of the container being read is merged, as number ${n}. */
typedef enum saksi_err gate_here_fn(void *ctx, uint64_t n, struct saksi_error *err);

SAKSI_MUST_CHECK enum saksi_err gate_new(struct gate **out, struct saksi_team *t,
    struct tally *tally, gate_here_fn *here, void *ctx, struct saksi_error *err);
void gate_free(struct gate **g);
/** gate_begin: A container by ${sealer} (as it claims) begins. */
void gate_begin(struct gate *g, const struct saksi_hash *sealer);
/** gate_put: One changeset's bytes.  Fails only for reasons of this vault. */
SAKSI_MUST_CHECK enum saksi_err gate_put(struct gate *g, const void *p, size_t n,
    struct saksi_error *err);
/** gate_flush: Work off what was put. */
SAKSI_MUST_CHECK enum saksi_err gate_flush(struct gate *g, struct saksi_error *err);
/**
 * gate_end(g, proven, settled, err):
 * The container is over.  ${proven}: its sealer signed all of it; else what
 * is held is booked to nobody.  ${*settled}: reading it again can bring
 * nothing new (nothing of it waits, nothing was over a limit).
 */
SAKSI_MUST_CHECK enum saksi_err gate_end(struct gate *g, bool proven, bool *settled,
    struct saksi_error *err);
/** gate_finish: Try once more what waits, store what is held, fill the counts. */
SAKSI_MUST_CHECK enum saksi_err gate_finish(struct gate *g, struct saksi_error *err);
/** gate_holds: Some held changeset's id passes ${fn}. */
bool gate_holds(const struct gate *g,
    bool (*fn)(const void *ctx, const struct saksi_hash *id), const void *ctx);

#endif
