# Libraries, by pkg-config.  What only an exporter needs is found in that
# exporter's own CMakeLists.txt, so that saksi itself stays small.

find_package(PkgConfig REQUIRED)

# Some names differ between Debian and upstream: the first that exists wins.
pkg_search_module(MSGPACK REQUIRED IMPORTED_TARGET msgpack-c msgpack)
pkg_search_module(LMDB REQUIRED IMPORTED_TARGET lmdb liblmdb)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium>=1.0.18)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(KEYUTILS REQUIRED IMPORTED_TARGET libkeyutils)
pkg_check_modules(ICU REQUIRED IMPORTED_TARGET icu-uc icu-i18n)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
if(SAKSI_TESTS)
	pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
endif()
