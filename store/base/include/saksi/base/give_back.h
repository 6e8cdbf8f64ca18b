/* give_back.h - memory that is not needed any more, back to the system. */
#ifndef SAKSI_BASE_GIVE_BACK_H
#define SAKSI_BASE_GIVE_BACK_H

/**
 * process_give_back():
 * Call once, before the first thread.  From then on what is freed in pieces of 1 MiB
 * and more goes back to the system at once, and the allocator keeps at most 4 MiB free
 * at the end of its heap.  Does nothing where the C library has no such setting.
 */
void process_give_back(void);

#endif
