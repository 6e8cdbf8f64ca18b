/*
 * order.h - many texts put in order in little memory.
 *
 * What does not fit is sorted a part at a time and kept sealed in a file beside the
 * vault that has no name, and the parts are merged.  Where no file can be made, as on
 * a medium that is only read, all stays in memory.
 */
#ifndef SAKSI_STORE_ORDER_H
#define SAKSI_STORE_ORDER_H

#include <saksi/store/vault.h>

struct saksi_order;

/** saksi_order_new: ${descending}: the last one comes first. */
SAKSI_MUST_CHECK enum saksi_err saksi_order_new(struct saksi_order **out,
    struct saksi_vault *v, bool descending, struct saksi_error *err);
/**
 * saksi_order_add(o, text, second, what, n, err):
 * ${n} bytes of ${what} (up to 64) under ${text}, and among equals ${second}, as
 * strcmp() orders.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_order_add(struct saksi_order *o, const char *text,
    const char *second, const void *what, size_t n, struct saksi_error *err);
/** saksi_order_each(o, fn, ctx, err): Each ${what}, in order; once. */
typedef enum saksi_err saksi_order_fn(void *ctx, const void *what, size_t n,
    struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err saksi_order_each(struct saksi_order *o,
    saksi_order_fn *fn, void *ctx, struct saksi_error *err);
/** saksi_order_held(o): The most bytes of texts that were in memory at a time. */
size_t saksi_order_held(const struct saksi_order *o);
void saksi_order_free(struct saksi_order **o);

#endif
