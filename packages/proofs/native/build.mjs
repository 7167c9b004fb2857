// Builds the C kernel with the compiler that is there. Without one the TypeScript twins serve.
