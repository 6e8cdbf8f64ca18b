#include "needed.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "wire.h"

#define SEGMENTS_MAX 64u
#define ENTRIES_MAX 512u
#define LIBRARIES_MAX 64u
#define NAME_SIZE 256u

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#endif

struct tables {
	ElfW(Phdr) segments[SEGMENTS_MAX];
	unsigned n_segments;
	uint64_t strings; /* address of the string table, and its size */
	uint64_t strings_size;
	uint64_t names[LIBRARIES_MAX]; /* offsets into it */
	unsigned n_names;
};

static void get(void *p, size_t n, uint64_t at)
{
	uint8_t *to = p;
	while (n > 0) {
		ssize_t r =
		    at > INT64_MAX ? 0 : pread(RUNNER_FD_PLUGIN, to, n, (off_t)at);
		if (r <= 0)
			wire_fail("the file is no plugin: its tables point outside of it");
		to += r;
		n -= (size_t)r;
		at += (uint64_t)r;
	}
}

static void read_segments(struct tables *t)
{
	ElfW(Ehdr) h;
	get(&h, sizeof h, 0);
	if (memcmp(h.e_ident, ELFMAG, SELFMAG) != 0 || h.e_type != ET_DYN)
		wire_fail("the file is no plugin: it is not a shared object");
	if (h.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
	    h.e_machine != MACHINE)
		wire_fail("the plugin was built for another kind of processor");
	if (h.e_phentsize != sizeof(ElfW(Phdr)) || h.e_phnum == 0 ||
	    h.e_phnum > SEGMENTS_MAX)
		wire_fail("the file is no plugin: its table of segments is damaged");
	t->n_segments = h.e_phnum;
	get(t->segments, h.e_phnum * sizeof(ElfW(Phdr)), h.e_phoff);
}

/* Where in the file the byte at ${address} of the loaded image stands. */
static uint64_t file_offset(const struct tables *t, uint64_t address)
{
	for (unsigned i = 0; i < t->n_segments; i++) {
		const ElfW(Phdr) *s = &t->segments[i];
		if (s->p_type == PT_LOAD && address >= s->p_vaddr &&
		    address - s->p_vaddr < s->p_filesz)
			return s->p_offset + (address - s->p_vaddr);
	}
	wire_fail("the file is no plugin: its tables point outside of it");
}

static void read_dynamic(struct tables *t)
{
	const ElfW(Phdr) *dynamic = NULL;
	for (unsigned i = 0; i < t->n_segments; i++)
		if (t->segments[i].p_type == PT_DYNAMIC)
			dynamic = &t->segments[i];
	if (!dynamic)
		wire_fail("the file is no plugin: it has no dynamic section");
	for (unsigned i = 0; i < ENTRIES_MAX; i++) {
		ElfW(Dyn) d;
		get(&d, sizeof d, dynamic->p_offset + i * sizeof d);
		if (d.d_tag == DT_NULL)
			return;
		if (d.d_tag == DT_STRTAB)
			t->strings = d.d_un.d_ptr;
		else if (d.d_tag == DT_STRSZ)
			t->strings_size = d.d_un.d_val;
		else if (d.d_tag == DT_NEEDED && t->n_names < LIBRARIES_MAX)
			t->names[t->n_names++] = d.d_un.d_val;
	}
	wire_fail("the file is no plugin: its dynamic section does not end");
}

static void name_of(char name[NAME_SIZE], const struct tables *t, uint64_t offset)
{
	uint64_t base = file_offset(t, t->strings);
	for (size_t i = 0; i < NAME_SIZE; i++) {
		if (offset >= t->strings_size)
			break;
		get(&name[i], 1, base + offset++);
		if (name[i] == '\0')
			return;
	}
	wire_fail("the file is no plugin: the name of a library does not end");
}

void needed_load(void)
{
	static struct tables t;
	read_segments(&t);
	read_dynamic(&t);
	for (unsigned i = 0; i < t.n_names; i++) {
		char name[NAME_SIZE];
		name_of(name, &t, t.names[i]);
		if (name[0] == '\0' || strchr(name, '/'))
			wire_fail(
			    "the plugin names a library by its path; only names are "
			    "allowed");
		if (!dlopen(name, RTLD_NOW | RTLD_LOCAL))
			wire_fail("the plugin needs a library that cannot be loaded: %s",
			    dlerror());
	}
}
