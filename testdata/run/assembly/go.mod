module example.com/assembly.v2

go 1.27
