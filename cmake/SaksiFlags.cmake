# Three bundles of flags, each probed with -Werror, because gcc and clang
# accept different ones and clang only warns about those it does not know:
#   saksi_flags       language, warnings, hardening: everything links it
#   saksi_instrument  sanitizers, coverage, fuzzing: all but what runs in the sandbox
#   saksi_fuzz_main   libFuzzer's main, for fuzz targets

include(CheckCCompilerFlag)
include(CheckLinkerFlag)
include(CheckCSourceCompiles)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
	set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release or RelWithDebInfo" FORCE)
endif()

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

add_library(saksi_flags INTERFACE)
add_library(saksi_instrument INTERFACE)
add_library(saksi_fuzz_main INTERFACE)

target_compile_definitions(saksi_flags INTERFACE
	$<$<PLATFORM_ID:Linux>:_GNU_SOURCE>)

if(SAKSI_FUZZ AND NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
	message(FATAL_ERROR "SAKSI_FUZZ needs clang: configure with -DCMAKE_C_COMPILER=clang")
endif()
if(SAKSI_SANITIZE OR SAKSI_FUZZ OR SAKSI_COVERAGE)
	set(SAKSI_INSTRUMENTED TRUE)
else()
	set(SAKSI_INSTRUMENTED FALSE)
endif()

# saksi_probe(target flag...): add each flag that the compiler takes without a word.
function(saksi_probe target)
	foreach(flag IN LISTS ARGN)
		string(MAKE_C_IDENTIFIER "HAVE${flag}" var)
		set(CMAKE_REQUIRED_FLAGS "-Werror")
		set(CMAKE_REQUIRED_QUIET TRUE)
		check_c_compiler_flag("${flag}" ${var})
		if(${var})
			target_compile_options(${target} INTERFACE ${flag})
		endif()
	endforeach()
endfunction()

# saksi_probe_link(target flag...): the same for the linker.
function(saksi_probe_link target)
	foreach(flag IN LISTS ARGN)
		string(MAKE_C_IDENTIFIER "HAVE_LINK${flag}" var)
		set(CMAKE_REQUIRED_QUIET TRUE)
		check_linker_flag(C "${flag}" ${var})
		if(${var})
			target_link_options(${target} INTERFACE ${flag})
		endif()
	endforeach()
endfunction()

# ---- warnings -----------------------------------------------------------------
saksi_probe(saksi_flags
	-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual
	-Wwrite-strings -Wmissing-prototypes -Wstrict-prototypes -Wold-style-definition
	-Wundef -Wvla -Wformat=2 -Wimplicit-fallthrough -Wswitch-enum -Wredundant-decls
	-Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wjump-misses-init)
# Instrumented frames are larger and have branches that nobody wrote.
if(NOT SAKSI_INSTRUMENTED)
	saksi_probe(saksi_flags -Wnull-dereference -Wframe-larger-than=8192)
endif()
if(SAKSI_WERROR)
	target_compile_options(saksi_flags INTERFACE -Werror)
endif()

# ---- hardening ----------------------------------------------------------------
saksi_probe(saksi_flags -fstack-protector-strong -fstack-clash-protection
	-fcf-protection=full -fno-delete-null-pointer-checks -fno-common)
saksi_probe_link(saksi_flags -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed)
# Not in Debug: the first hides uninitialised reads from valgrind, the others need -O.
if(CMAKE_BUILD_TYPE MATCHES "^(Release|RelWithDebInfo|MinSizeRel)$" AND NOT SAKSI_INSTRUMENTED)
	saksi_probe(saksi_flags -ftrivial-auto-var-init=zero -fzero-call-used-regs=used-gpr
		-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
	foreach(level 3 2)
		set(CMAKE_REQUIRED_FLAGS "-Werror -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=${level}")
		check_c_source_compiles("#include <string.h>\nint main(void) { return 0; }"
			HAVE_FORTIFY_${level})
		unset(CMAKE_REQUIRED_FLAGS)
		if(HAVE_FORTIFY_${level})
			target_compile_options(saksi_flags INTERFACE
				-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=${level})
			break()
		endif()
	endforeach()
endif()

# clang's own default, DWARF 5, ends valgrind 3.19 before the program starts.
if(CMAKE_C_COMPILER_ID MATCHES "Clang" AND CMAKE_BUILD_TYPE STREQUAL "Debug")
	saksi_probe(saksi_flags -gdwarf-4)
endif()

# ---- instruments --------------------------------------------------------------
if(SAKSI_SANITIZE OR SAKSI_FUZZ)
	set(sanitize -fsanitize=address,undefined -fno-sanitize-recover=all
		-fno-omit-frame-pointer)
	target_compile_options(saksi_instrument INTERFACE ${sanitize})
	target_link_options(saksi_instrument INTERFACE ${sanitize})
	target_compile_definitions(saksi_instrument INTERFACE SAKSI_SANITIZED=1)
endif()
if(SAKSI_COVERAGE)
	target_compile_options(saksi_instrument INTERFACE --coverage -fprofile-update=atomic)
	target_link_options(saksi_instrument INTERFACE --coverage)
endif()
if(SAKSI_FUZZ)
	target_compile_options(saksi_instrument INTERFACE -fsanitize=fuzzer-no-link)
	target_compile_definitions(saksi_instrument INTERFACE
		FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION=1)
	target_link_options(saksi_fuzz_main INTERFACE -fsanitize=fuzzer)
endif()
