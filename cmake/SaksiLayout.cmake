# Where things stand, relative to the program.  The build tree has the shape
# of an installed tree, so one rule finds the runner, exporters and data in
# both: from the directory of the running executable, by the paths that
# saksi_paths.h names.

foreach(dir BINDIR LIBDIR LIBEXECDIR DATADIR)
	if(IS_ABSOLUTE "${CMAKE_INSTALL_${dir}}")
		message(FATAL_ERROR "CMAKE_INSTALL_${dir} must be relative to the prefix: "
			"saksi finds its parts from where its program stands")
	endif()
endforeach()

set(SAKSI_BINDIR ${CMAKE_INSTALL_BINDIR})
set(SAKSI_LIBEXECDIR ${CMAKE_INSTALL_LIBEXECDIR}/saksi)
set(SAKSI_EXPORTERDIR ${CMAKE_INSTALL_LIBDIR}/saksi/exporters)
set(SAKSI_DATADIR ${CMAKE_INSTALL_DATADIR}/saksi)

foreach(dir LIBEXECDIR EXPORTERDIR DATADIR)
	file(RELATIVE_PATH SAKSI_REL_${dir} /prefix/${SAKSI_BINDIR} /prefix/${SAKSI_${dir}})
endforeach()

configure_file(${CMAKE_CURRENT_LIST_DIR}/saksi_paths.h.in
	${CMAKE_BINARY_DIR}/generated/saksi_paths.h @ONLY)
add_library(saksi_paths INTERFACE)
target_include_directories(saksi_paths INTERFACE ${CMAKE_BINARY_DIR}/generated)

# The same shape in the build tree.  Test programs stand in tests/, a sibling
# of bin/, so the relative paths hold for them too.
set(SAKSI_BUILD_BINDIR ${CMAKE_BINARY_DIR}/${SAKSI_BINDIR})
set(SAKSI_BUILD_LIBEXECDIR ${CMAKE_BINARY_DIR}/${SAKSI_LIBEXECDIR})
set(SAKSI_BUILD_EXPORTERDIR ${CMAKE_BINARY_DIR}/${SAKSI_EXPORTERDIR})
set(SAKSI_BUILD_TESTDIR ${CMAKE_BINARY_DIR}/tests)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/${CMAKE_INSTALL_DATADIR} ${SAKSI_BUILD_EXPORTERDIR})
file(CREATE_LINK ${CMAKE_SOURCE_DIR}/data ${CMAKE_BINARY_DIR}/${SAKSI_DATADIR} SYMBOLIC)

install(DIRECTORY data/ DESTINATION ${SAKSI_DATADIR} PATTERN ".*" EXCLUDE)
if(EXISTS ${CMAKE_SOURCE_DIR}/cli/saksi.1)
	install(FILES cli/saksi.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()
if(EXISTS ${CMAKE_SOURCE_DIR}/plugins/include/saksi/exporter.h)
	install(FILES plugins/include/saksi/exporter.h
		DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/saksi)
endif()
