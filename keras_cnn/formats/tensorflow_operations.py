"""The operations of TensorFlow that a SavedModel from elsewhere may hold.

An operation is listed if it computes its outputs from its inputs and from nothing
else, and Keras's layers or an export are made of it. So none reads or writes a file,
opens a connection, calls Python, prints, keeps a table or a queue, or changes a
variable; none parses anything but PNG and JPEG; none is quantized, sparse or ragged.
Gradients are left out, except those that are a transposed convolution.
"""

ARITHMETIC = """
    Abs AccumulateNV2 Acos Acosh Add AddN AddV2 ApproximateEqual Asin Asinh Atan Atan2
    Atanh BesselI0 BesselI0e BesselI1 BesselI1e BitwiseAnd BitwiseOr BitwiseXor Ceil
    ClipByValue Cos Cosh Cross Digamma Div DivNoNan Equal Erf Erfc Erfinv Exp Expm1
    Floor FloorDiv FloorMod Greater GreaterEqual Igamma Igammac Inv Invert IsFinite
    IsInf IsNan LeftShift Less LessEqual Lgamma Log Log1p LogicalAnd LogicalNot
    LogicalOr Maximum Minimum Mod Mul MulNoNan Ndtri Neg NextAfter NotEqual Polygamma
    PopulationCount Pow RealDiv Reciprocal RightShift Rint Round Rsqrt Select SelectV2
    Sign Sin Sinh Sqrt Square SquaredDifference Sub Tan Tanh TruncateDiv TruncateMod
    Xdivy Xlog1py Xlogy Zeta
"""
COMPLEX = """
    Angle Complex ComplexAbs Conj FFT FFT2D FFT3D FFTND IFFT IFFT2D IFFT3D IFFTND IRFFT
    IRFFT2D IRFFT3D Imag RFFT RFFT2D RFFT3D Real
"""
REDUCTIONS = """
    All Any ApproxTopK ArgMax ArgMin Bincount Bucketize Cumprod Cumsum
    CumulativeLogsumexp DenseBincount EuclideanNorm HistogramFixedWidth InTopK InTopKV2
    L2Loss LowerBound Max Mean Min Prod SegmentMax SegmentMaxV2 SegmentMean SegmentMin
    SegmentMinV2 SegmentProd SegmentProdV2 SegmentSum SegmentSumV2 Sum TopK TopKV2
    UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd UnsortedSegmentSum
    UpperBound
"""
NETWORKS = """
    AvgPool AvgPool3D BiasAdd BiasAddV1 Conv Conv2D Conv2DBackpropInput
    Conv2DBackpropInputV2 Conv3D Conv3DBackpropInput Conv3DBackpropInputV2
    DepthwiseConv2dNative DepthwiseConv2dNativeBackpropInput Dilation2D Elu
    FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 LRN LeakyRelu LogSoftmax MaxPool
    MaxPool3D MaxPoolV2 MaxPoolWithArgmax Relu Relu6 Selu Sigmoid Softmax Softplus
    Softsign SoftmaxCrossEntropyWithLogits SparseSoftmaxCrossEntropyWithLogits
"""
LINEAR_ALGEBRA = """
    BatchMatMul BatchMatMulV2 BatchMatMulV3 Cholesky Diag DiagPart Eig Einsum
    LogMatrixDeterminant Lu MatMul MatrixBandPart MatrixDeterminant MatrixDiag
    MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3 MatrixDiagV2 MatrixDiagV3
    MatrixInverse MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3 MatrixSolve
    MatrixSolveLs MatrixTriangularSolve Qr SelfAdjointEigV2 Svd
"""
SHAPES = """
    BatchToSpace BatchToSpaceND Bitcast BroadcastArgs BroadcastTo Cast CheckNumerics
    Concat ConcatOffset ConcatV2 Const DepthToSpace DynamicPartition DynamicStitch Empty
    EnsureShape ExpandDims ExtractImagePatches ExtractVolumePatches Fill Gather GatherNd
    GatherV2 Identity IdentityN InvertPermutation LinSpace ListDiff MirrorPad OneHot
    OnesLike Pack Pad PadV2 ParallelDynamicStitch PreventGradient Range Rank Reshape
    Reverse ReverseSequence ReverseV2 Roll ScatterNd Shape ShapeN Size Slice Snapshot
    SpaceToBatch SpaceToBatchND SpaceToDepth Split SplitV Squeeze StopGradient
    StridedSlice TensorScatterAdd TensorScatterMax TensorScatterMin TensorScatterSub
    TensorScatterUpdate TensorStridedSliceUpdate Tile Transpose Unique UniqueV2
    UniqueWithCounts Unpack UnravelIndex Where ZerosLike
"""
IMAGES = """
    AdjustContrast AdjustContrastv2 AdjustHue AdjustSaturation CropAndResize DecodeJpeg
    DecodePng HSVToRGB ImageProjectiveTransformV2 ImageProjectiveTransformV3 RGBToHSV
    ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor ScaleAndTranslate
"""
TEXT = """
    AsString RegexFullMatch StaticRegexFullMatch StringFormat StringJoin StringLength
    StringLower StringStrip StringToHashBucketFast StringToHashBucketStrong StringUpper
    Substr DecodeRaw
"""
CONTROL = """
    Assert Case EmptyTensorList FakeParam If NoOp PartitionedCall Placeholder
    PlaceholderWithDefault StatefulPartitionedCall StatelessCase StatelessIf
    StatelessWhile TensorListConcatV2 TensorListElementShape TensorListFromTensor
    TensorListGather TensorListGetItem TensorListLength TensorListPopBack
    TensorListPushBack TensorListReserve TensorListResize TensorListScatterV2
    TensorListSetItem TensorListSplit TensorListStack While
"""
RANDOM = """
    Multinomial RandomGamma RandomShuffle RandomStandardNormal RandomUniform
    RandomUniformInt StatelessMultinomial StatelessRandomBinomial StatelessRandomGammaV2
    StatelessRandomGammaV3 StatelessRandomGetAlg StatelessRandomGetKeyCounter
    StatelessRandomGetKeyCounterAlg StatelessRandomNormal StatelessRandomNormalV2
    StatelessRandomUniform StatelessRandomUniformFullInt StatelessRandomUniformFullIntV2
    StatelessRandomUniformInt StatelessRandomUniformIntV2 StatelessRandomUniformV2
    StatelessShuffle StatelessTruncatedNormal StatelessTruncatedNormalV2 TruncatedNormal
"""
VARIABLES = """
    DisableCopyOnRead ReadVariableOp ResourceGather ResourceGatherNd VarHandleOp
    VarIsInitializedOp VariableShape
"""

PURE = frozenset(
    " ".join(
        (
            *(ARITHMETIC, COMPLEX, REDUCTIONS, NETWORKS, LINEAR_ALGEBRA, SHAPES),
            *(IMAGES, TEXT, CONTROL, RANDOM, VARIABLES),
        )
    ).split()
)

# What saves and restores variables, which no signature may reach.
CHECKPOINT = frozenset(
    "AssignVariableOp MergeV2Checkpoints RestoreV2 SaveV2 ShardedFilename".split()
)
