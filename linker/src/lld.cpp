// Entry to LLD's ELF driver. Diagnostics come back as text.
#include "lld/Common/Driver.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>
#include <cstring>
#include <string>

LLD_HAS_DRIVER(elf)

extern "C" int rgo_lld(const char **argv, size_t argc, char **text) {
    std::string s;
    llvm::raw_string_ostream os(s);
    lld::DriverDef drivers[] = {{lld::Gnu, &lld::elf::link}};
    lld::Result r = lld::lldMain(llvm::ArrayRef<const char *>(argv, argc), os, os, drivers);
    os.flush();
    *text = strdup(s.c_str());
    return r.retCode;
}

extern "C" void rgo_lld_free(char *text) { free(text); }
