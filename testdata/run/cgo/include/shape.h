struct shape { double width, height; char name[16]; };
int call_back(int n);
int recurse(int n);
void call_panics(int n);
void bump(void);
int plus_one(int n);
