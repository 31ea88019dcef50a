#include <stdexcept>
#include <string>

static std::string *kept = new std::string("made before main");

extern "C" int plus_one(int n) {
	try {
		if (kept->size() == 16) throw std::runtime_error("thrown");
	} catch (const std::exception &e) {
		return n + 1 + (std::string(e.what()) == "thrown" ? 0 : 1000);
	}
	return -1;
}
