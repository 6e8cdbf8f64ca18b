# The kinds of things that the tree builds.

# saksi_layer(NAME SOURCES f... [FOLDERS d...] PUBLIC lib... PRIVATE lib... [TWIN])
#
# A static library whose public headers are what stands in include/ beside its
# CMakeLists.txt.  Only who links the layer has that folder on its include
# path: a wrong include does not compile.  FOLDERS hold sources and private
# headers of the same layer.
#
#   NAME_internal  for the layer's own tests: its private headers and libraries
#   NAME_plain     with TWIN: the same without sanitizers and coverage, for
#                  what must run in the exporter's sandbox
function(saksi_layer name)
	cmake_parse_arguments(PARSE_ARGV 1 arg "TWIN" "" "SOURCES;FOLDERS;PUBLIC;PRIVATE")
	set(private_dirs ${CMAKE_CURRENT_SOURCE_DIR})
	foreach(folder IN LISTS arg_FOLDERS)
		list(APPEND private_dirs ${CMAKE_CURRENT_SOURCE_DIR}/${folder})
	endforeach()

	if(arg_SOURCES)
		add_library(${name} STATIC ${arg_SOURCES})
		target_link_libraries(${name}
			PUBLIC ${arg_PUBLIC}
			PRIVATE ${arg_PRIVATE} saksi_flags saksi_instrument)
		target_include_directories(${name} PRIVATE ${private_dirs})
		set(scope PUBLIC)
	else()
		add_library(${name} INTERFACE)
		target_link_libraries(${name} INTERFACE ${arg_PUBLIC})
		set(scope INTERFACE)
	endif()
	saksi_layer_headers(${name} ${scope})

	add_library(${name}_internal INTERFACE)
	target_link_libraries(${name}_internal INTERFACE ${name} ${arg_PRIVATE})
	target_include_directories(${name}_internal INTERFACE ${private_dirs})

	if(arg_TWIN AND arg_SOURCES AND SAKSI_INSTRUMENTED)
		add_library(${name}_plain STATIC EXCLUDE_FROM_ALL ${arg_SOURCES})
		target_link_libraries(${name}_plain
			PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE} saksi_flags)
		target_include_directories(${name}_plain
			PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/include
			PRIVATE ${private_dirs})
	elseif(arg_TWIN)
		add_library(${name}_plain ALIAS ${name})
	endif()
endfunction()

# Sources are listed by hand; headers are not, so that none escapes the check
# that it compiles alone (CMAKE_VERIFY_INTERFACE_HEADER_SETS).
function(saksi_layer_headers name scope)
	file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/include/*.h)
	if(headers)
		target_sources(${name} ${scope} FILE_SET HEADERS
			BASE_DIRS ${CMAKE_CURRENT_SOURCE_DIR}/include FILES ${headers})
	else()
		target_include_directories(${name} ${scope} ${CMAKE_CURRENT_SOURCE_DIR}/include)
	endif()
endfunction()

# saksi_exporter(NAME SOURCES f... [LIBS lib...])
#
# A plugin: sees exporter.h and its own libraries, nothing else of the tree.
# Never instrumented, because the sandbox allows no more than a release needs.
function(saksi_exporter name)
	cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBS")
	add_library(exporter_${name} MODULE ${arg_SOURCES})
	set_target_properties(exporter_${name} PROPERTIES
		PREFIX "" OUTPUT_NAME ${name}
		LIBRARY_OUTPUT_DIRECTORY ${SAKSI_BUILD_EXPORTERDIR})
	target_link_libraries(exporter_${name} PRIVATE saksi_exporter_api ${arg_LIBS} saksi_flags)
	target_link_options(exporter_${name} PRIVATE -Wl,--no-undefined)
	install(TARGETS exporter_${name} LIBRARY DESTINATION ${SAKSI_EXPORTERDIR})
endfunction()
