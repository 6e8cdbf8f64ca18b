/*
 * landlock.h - the file system wall, in two steps.
 *
 * The first leaves the system's library folders readable, so that libraries
 * which an exporter links can be loaded by the runner; the second leaves
 * nothing and stands before the first instruction of the exporter.
 */
#ifndef SAKSI_RUNNER_LANDLOCK_H
#define SAKSI_RUNNER_LANDLOCK_H

struct walls {
	int abi;
	int libraries; /* ruleset descriptors */
	int nothing;
};

/** walls_prepare(w): Both rulesets.  Ends with words below Landlock ABI 2. */
void walls_prepare(struct walls *w);
/** walls_raise(ruleset): Put it around this process and close it. */
void walls_raise(int ruleset);

#endif
